// Reads each file named on standard input and writes it again as FILE.ours; prints "ok" or "refused".
#include <fstream>
#include <iostream>
#include <sstream>

#include "host/checkpoint/safetensors.hpp"
#include "thalweg/error.hpp"

int main() {
  for (std::string path; std::getline(std::cin, path);) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    const std::string bytes = text.str();
    try {
      const thalweg::SafetensorsFile file = thalweg::parse_safetensors(bytes, "file");
      std::ofstream out(path + ".ours", std::ios::binary);
      out << thalweg::safetensors_header(file.metadata, file.tensors);
      for (const thalweg::SafetensorsTensor& tensor : file.tensors) out << tensor.data;
      std::cout << "ok\n";
    } catch (const thalweg::Error&) {
      std::cout << "refused\n";
    }
  }
}
