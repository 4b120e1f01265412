#pragma once
// The errors that the library throws. A message says what went wrong and where, what was found and what was
// expected. Each carries the exit code of the command line. Example: error_example in examples/tour.cpp.
#include <stdexcept>
#include <string>

#include "thalweg/api.hpp"

namespace thalweg {

enum class ExitCode : int {
  done = 0,
  usage = 2,
  bad_data = 65,
  no_input = 66,
  rank = 68,
  device = 69,
  internal = 70,
  io = 74,
  interrupted = 75,
  diverged = 76,
  config = 78,
};

class THALWEG_API Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// One error type per kind of trouble, so that a caller can catch those that it can handle.
template <ExitCode Code, int Kind = 0>
class THALWEG_API TypedError : public Error {
 public:
  explicit TypedError(const std::string& message) : Error(Code, message) {}
};

using UsageError = TypedError<ExitCode::usage>;        ///< wrong command line; a call at the wrong time
using DataError = TypedError<ExitCode::bad_data>;      ///< a file or a value in it is wrong
using ShapeError = TypedError<ExitCode::bad_data, 1>;  ///< shapes do not match
using CorruptCheckpoint = TypedError<ExitCode::bad_data, 2>;
using NoInputError = TypedError<ExitCode::no_input>;         ///< a file does not exist
using RankError = TypedError<ExitCode::rank>;                ///< another process of the run was lost
using DeviceUnavailable = TypedError<ExitCode::device>;      ///< the requested device cannot be used
using DeviceError = TypedError<ExitCode::internal, 1>;       ///< a device call failed; names the op
using InternalError = TypedError<ExitCode::internal>;        ///< our own bug, or memory ran out
using IoError = TypedError<ExitCode::io>;                    ///< the file system refused
using InterruptedError = TypedError<ExitCode::interrupted>;  ///< stopped by request; running again resumes
using DivergedError = TypedError<ExitCode::diverged>;        ///< NaN or infinity in loss or gradient
using ConfigError = TypedError<ExitCode::config>;            ///< unknown key, wrong type, contradiction
using UnsupportedLayer = TypedError<ExitCode::config, 1>;    ///< a layer does not support the request

}  // namespace thalweg
