#pragma once
// What a shared library shows to programs: the declarations that this marks. Everything else is hidden.
#define THALWEG_API __attribute__((visibility("default")))
