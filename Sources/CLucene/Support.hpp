/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <lucene++/LuceneHeaders.h>

#include <string>
#include <vector>

#include "clucene.h"

/* What a search throws that takes too long. */
struct TooLong {};

/* Stores what was caught. To be called in a catch block. */
clucene_code report(clucene_error *error) noexcept;

/* Calls `body` and turns every exception into a code. */
template <typename Body>
clucene_code guarded(clucene_error *error, Body body) noexcept {
    try {
        body();
        return CLUCENE_OK;
    } catch (...) {
        return report(error);
    }
}

/* Appends UTF-8 to wide characters. Bytes that are not UTF-8 become U+FFFD. */
void appendWide(const uint8_t *bytes, size_t size, std::wstring &wide);

inline Lucene::String wide(const char *text, size_t size) {
    std::wstring result;
    appendWide(reinterpret_cast<const uint8_t *>(text), size, result);
    return Lucene::String(result.begin(), result.end());
}

/* A directory whose files report every failed read, write and sync, and hold more than 2 GB. */
Lucene::DirectoryPtr openDirectory(const Lucene::String &path);

/* A field of the table that the index was opened with. */
struct IndexField {
    Lucene::String name;
    clucene_kind kind;
};

struct MergeGate;
class TermStream;

struct clucene_index {
    std::vector<IndexField> fields;
    Lucene::DirectoryPtr directory;
    Lucene::IndexWriterPtr writer;
    boost::shared_ptr<MergeGate> gate;
    /* Used again for each document. */
    std::vector<boost::shared_ptr<TermStream>> streams;
    std::vector<Lucene::FieldPtr> tokens;
    std::vector<Lucene::NumericFieldPtr> numbers;

    const IndexField &field(uint32_t index) const {
        if (index >= fields.size()) throw Lucene::IllegalArgumentException(L"there is no such field");
        return fields[index];
    }
    Lucene::TermPtr term(uint32_t index, const Lucene::String &text) const;
};

struct clucene_query {
    Lucene::QueryPtr query;
};
