#pragma once
// A `<op>_cpu.cpp` is compiled once per instruction set, each time with THALWEG_ISA naming the namespace of
// that copy (avx2, avx512, generic); host/runtime/backends.cpp picks one at run time. THALWEG_CPU_TABLE
// declares the table of an op in each of them.
//
// Such a file uses no function template or inline function of the standard library that the compiler could
// leave out of line. The linker keeps one copy of it for the whole program, perhaps one that a lesser CPU
// cannot run. `tests/support/isa_symbols.py` checks the object files for this.
#define THALWEG_CPU_TABLE(Type, name) \
  namespace avx2 {                    \
  extern const Type name;             \
  }                                   \
  namespace avx512 {                  \
  extern const Type name;             \
  }                                   \
  namespace generic {                 \
  extern const Type name;             \
  }
