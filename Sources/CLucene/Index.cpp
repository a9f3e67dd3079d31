/* SPDX-License-Identifier: Apache-2.0 */
#include "Support.hpp"

#include <atomic>
#include <cstring>
#include <lucene++/KeepOnlyLastCommitDeletionPolicy.h>
#include <lucene++/LogByteSizeMergePolicy.h>
#include <lucene++/MergeScheduler.h>
#include <lucene++/NumericField.h>
#include <lucene++/PositionIncrementAttribute.h>
#include <lucene++/SegmentInfos.h>
#include <lucene++/TermAttribute.h>

using namespace Lucene;

/* Lets merges run in clucene_merge only, so that no commit and no new document waits for one.

   The library's own concurrent scheduler starts threads as it likes, and crashes (issue 86 of LucenePlusPlus). */
struct MergeGate : public MergeScheduler {
    LUCENE_CLASS(MergeGate);

    std::atomic<bool> isNeeded{false};
    static thread_local bool isOpen;

    void merge(const IndexWriterPtr &writer) override {
        if (!isOpen) {
            isNeeded = true;
            return;
        }
        while (OneMergePtr next = writer->getNextMerge()) writer->merge(next);
    }
    void close() override {}
};

thread_local bool MergeGate::isOpen = false;

/* The terms of one field of the present document. */
class TermStream : public TokenStream {
public:
    LUCENE_CLASS(TermStream);

    void initialize() override {
        TokenStream::initialize();
        term = addAttribute<TermAttribute>();
        increment = addAttribute<PositionIncrementAttribute>();
    }

    void set(const clucene_terms &given) {
        terms = given;
        next = 0;
    }

    bool incrementToken() override {
        if (next >= terms.count) return false;
        uint32_t start = next == 0 ? 0 : terms.ends[next - 1];
        uint32_t end = terms.ends[next];
        text.clear();
        appendWide(terms.bytes + start, end - start, text);
        term->setTermBuffer(text.data(), 0, static_cast<int32_t>(text.size()));
        increment->setPositionIncrement(next > 0 && next == terms.gap_before ? 100 : 1);
        next++;
        return true;
    }

private:
    clucene_terms terms{};
    size_t next = 0;
    std::wstring text;
    TermAttributePtr term;
    PositionIncrementAttributePtr increment;
};

TermPtr clucene_index::term(uint32_t index, const String &text) const { return newLucene<Term>(field(index).name, text); }

static void prepareFields(clucene_index &index) {
    for (const IndexField &field : index.fields) {
        boost::shared_ptr<TermStream> stream;
        FieldPtr tokens;
        NumericFieldPtr number;
        if (field.kind == CLUCENE_NUMBER) {
            number = newLucene<NumericField>(field.name, 8, AbstractField::STORE_NO, true);
        } else if (field.kind != CLUCENE_ID) {
            stream = newLucene<TermStream>();
            tokens = newLucene<Field>(field.name, stream);
            if (field.kind != CLUCENE_POSITIONS) tokens->setOmitTermFreqAndPositions(true);
            if (field.kind == CLUCENE_KEYWORDS) tokens->setOmitNorms(true);
        }
        index.streams.push_back(stream);
        index.tokens.push_back(tokens);
        index.numbers.push_back(number);
    }
}

clucene_code clucene_open(const char *directory, const clucene_field *fields, size_t field_count, const clucene_settings *settings,
                          clucene_index **result, clucene_error *error) {
    return guarded(error, [&] {
        std::unique_ptr<clucene_index> index(new clucene_index);
        for (size_t next = 0; next < field_count; next++) {
            index->fields.push_back(IndexField{wide(fields[next].name, std::strlen(fields[next].name)), fields[next].kind});
        }
        prepareFields(*index);
        index->directory = openDirectory(wide(directory, std::strlen(directory)));
        index->writer = newLucene<IndexWriter>(
            index->directory, newLucene<WhitespaceAnalyzer>(), !IndexReader::indexExists(index->directory),
            newLucene<KeepOnlyLastCommitDeletionPolicy>(), IndexWriter::MaxFieldLengthUNLIMITED);
        index->gate = newLucene<MergeGate>();
        index->writer->setMergeScheduler(index->gate);
        LogByteSizeMergePolicyPtr policy = newLucene<LogByteSizeMergePolicy>(index->writer);
        policy->setMergeFactor(settings->merge_factor);
        policy->setMaxMergeMB(settings->max_merge_mb);
        /* Few files for the many small segments, which are synced one by one. Large segments have files of their own. */
        policy->setUseCompoundFile(true);
        policy->setNoCFSRatio(0.1);
        policy->setUseCompoundDocStore(false);
        index->writer->setMergePolicy(policy);
        index->writer->setRAMBufferSizeMB(settings->buffer_mb);
        *result = index.release();
    });
}

void clucene_close(clucene_index *index) {
    if (!index) return;
    if (guarded(nullptr, [&] { index->writer->rollback(); }) != CLUCENE_OK) {
        guarded(nullptr, [&] { index->writer->close(false); });
    }
}

void clucene_free(clucene_index *index) {
    guarded(nullptr, [&] { delete index; });
}

size_t clucene_committed(clucene_index *index, const char *key, char *value, size_t size) {
    size_t length = 0;
    guarded(nullptr, [&] {
        MapStringString data = IndexReader::getCommitUserData(index->directory);
        if (!data) return;
        std::string text = StringUtils::toUTF8(data.get(wide(key, std::strlen(key))));
        if (text.size() > size) return;
        std::memcpy(value, text.data(), text.size());
        length = text.size();
    });
    return length;
}

static const IndexField &idField(const clucene_index &index) {
    for (const IndexField &field : index.fields) {
        if (field.kind == CLUCENE_ID) return field;
    }
    throw IllegalArgumentException(L"the index has no field for ids");
}

clucene_code clucene_update(clucene_index *index, const char *id, size_t id_size, const clucene_terms *terms, size_t terms_count,
                            const int64_t *numbers, size_t number_count, clucene_error *error) {
    return guarded(error, [&] {
        DocumentPtr document = newLucene<Document>();
        String name(wide(id, id_size));
        const IndexField &named = idField(*index);
        FieldPtr idValue = newLucene<Field>(
            named.name, name, AbstractField::STORE_YES, AbstractField::INDEX_NOT_ANALYZED_NO_NORMS);
        idValue->setOmitTermFreqAndPositions(true);
        document->add(idValue);
        for (size_t next = 0; next < terms_count; next++) {
            const IndexField &field = index->field(terms[next].field);
            if (!index->streams[terms[next].field]) throw IllegalArgumentException(L"the field has no terms: " + field.name);
            index->streams[terms[next].field]->set(terms[next]);
            document->add(index->tokens[terms[next].field]);
        }
        size_t number = 0;
        for (const NumericFieldPtr &field : index->numbers) {
            if (!field) continue;
            if (number >= number_count) throw IllegalArgumentException(L"a number is missing");
            field->setLongValue(numbers[number++]);
            document->add(field);
        }
        index->writer->updateDocument(newLucene<Term>(named.name, name), document);
    });
}

clucene_code clucene_delete(clucene_index *index, const char *id, size_t id_size, clucene_error *error) {
    return guarded(error, [&] {
        index->writer->deleteDocuments(newLucene<Term>(idField(*index).name, wide(id, id_size)));
    });
}

clucene_code clucene_flush(clucene_index *index, clucene_error *error) {
    /* The library has no public function for it. */
    return guarded(error, [&] { index->writer->getReader()->close(); });
}

clucene_code clucene_commit(clucene_index *index, const char *const *keys_and_values, size_t pairs, clucene_error *error) {
    return guarded(error, [&] {
        MapStringString data = MapStringString::newInstance();
        for (size_t next = 0; next < pairs; next++) {
            const char *key = keys_and_values[2 * next];
            const char *value = keys_and_values[2 * next + 1];
            data.put(wide(key, std::strlen(key)), wide(value, std::strlen(value)));
        }
        index->writer->commit(data);
    });
}

clucene_code clucene_files(clucene_index *index, void (*file)(void *context, const char *name), void *context, clucene_error *error) {
    return guarded(error, [&] {
        SegmentInfosPtr segments = newLucene<SegmentInfos>();
        segments->read(index->directory);
        for (const String &name : segments->files(index->directory, true)) file(context, StringUtils::toUTF8(name).c_str());
    });
}

clucene_code clucene_merge(clucene_index *index, clucene_error *error) {
    MergeGate::isOpen = true;
    index->gate->isNeeded = false;
    clucene_code code = guarded(error, [&] {
        if (index->writer->isClosed()) boost::throw_exception(AlreadyClosedException(L"the index is closed"));
        index->writer->maybeMerge();
    });
    MergeGate::isOpen = false;
    return code;
}

bool clucene_needs_merge(clucene_index *index) { return index->gate->isNeeded; }

clucene_figures clucene_index_figures(clucene_index *index) {
    clucene_figures figures{};
    guarded(nullptr, [&] {
        figures.segments = static_cast<uint64_t>(std::max(index->writer->getSegmentCount(), 0));
        figures.buffered_bytes = static_cast<uint64_t>(std::max<int64_t>(index->writer->ramSizeInBytes(), 0));
    });
    return figures;
}
