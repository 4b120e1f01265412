#pragma once
// What the program sets up in its own process. A library must not: descriptors and signals belong to the
// program.

namespace thalweg::cli {

/// Opens stand-ins for standard descriptors that are closed: otherwise the next file that is opened takes
/// such a number and receives what is meant for stderr. Nothing can be written to a stand-in. False where
/// none could be had.
bool open_closed_descriptors();

/// A write to a broken pipe or beyond the limit of a file's size then fails like any other, and does not end
/// the process in the middle of its work.
void ignore_write_signals();

}  // namespace thalweg::cli
