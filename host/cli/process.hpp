#pragma once
// The program's setup of its own process. A library must not do this: descriptors and signals belong to the
// program.

namespace thalweg::cli {

/// Opens stand-ins for standard descriptors that are closed: otherwise the next file that is opened takes
/// such a number and receives what is meant for stderr. Nothing can be written to a stand-in. False where
/// none could be had.
bool open_closed_descriptors();

/// Makes a write to a broken pipe, or beyond the limit of a file's size, fail like any other write instead of
/// ending the process.
void ignore_write_signals();

}  // namespace thalweg::cli
