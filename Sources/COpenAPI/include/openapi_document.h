// The bytes of Sources/API/openapi.json. As an array in Swift they take the compiler minutes.
#pragma once

#include <stddef.h>

const unsigned char *_Nonnull openapi_document(size_t *_Nonnull size);
