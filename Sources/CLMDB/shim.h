#include <lmdb.h>

/* Asks the processor to bring a cache line. Harmless for any address. */
static inline void clmdb_prefetch(const void *address) { __builtin_prefetch(address); }
