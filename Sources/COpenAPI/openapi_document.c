#include "openapi_document.h"

static const unsigned char bytes[] = {
#embed "../API/openapi.json"
};

const unsigned char *openapi_document(size_t *size) {
  *size = sizeof bytes;
  return bytes;
}
