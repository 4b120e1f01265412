#include "host/data/readers.hpp"
#include "thalweg/error.hpp"

namespace thalweg {
namespace {

Claim claim_vw(std::string_view, std::string_view) { return Claim::none; }

RawData read_vw(const ReadRequest& request, std::unique_ptr<ByteSource>) {
  throw ConfigError("data.format = vw cannot be read yet: " + request.path);
}

}  // namespace

extern const Reader vw_reader;
const Reader vw_reader{DataFormat::vw, {".vw"}, &claim_vw, &read_vw};

}  // namespace thalweg
