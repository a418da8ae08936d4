// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Asks for the cache line at an address that is needed soon. Does nothing else, whatever the address is.
static inline void touchline_prefetch(const void *address) { __builtin_prefetch(address, 1, 3); }
