#pragma once
// Ranges of a profiler's timeline; the executor's reports take a kernel's name from the innermost one.
int nvtxRangePushA(const char* name);
int nvtxRangePop();
