#include "cscoring.h"
