#pragma once
#include <libpq-fe.h>
#include "gnu.h"
