#pragma once
namespace thalweg {
inline constexpr const char* kVersion = "0.1.0";
}
