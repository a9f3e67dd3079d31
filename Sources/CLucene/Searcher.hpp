/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <memory>

#include "Support.hpp"

/* One segment, as a searcher sees it. */
struct Segment {
    int32_t base;
    Lucene::IndexReaderPtr reader;
    /* What tells a segment from others, whatever was deleted in it. */
    Lucene::LuceneObjectPtr key;
    /* The time of each document. */
    std::shared_ptr<const std::vector<int64_t>> times;
};

/* Throws TooLong behind a deadline: CLOCK_MONOTONIC in nanoseconds; 0: none. */
void checkTime(uint64_t deadline);

struct clucene_searcher {
    std::vector<IndexField> fields;
    Lucene::IndexReaderPtr reader;
    Lucene::IndexSearcherPtr searcher;
    std::vector<Segment> segments;

    const IndexField &field(uint32_t index) const {
        if (index >= fields.size()) throw Lucene::IllegalArgumentException(L"there is no such field");
        return fields[index];
    }
    ~clucene_searcher();
};
