/* SPDX-License-Identifier: Apache-2.0 */
#include "Searcher.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <lucene++/MapFieldSelector.h>
#include <lucene++/NumericUtils.h>

using namespace Lucene;

clucene_searcher::~clucene_searcher() {
    guarded(nullptr, [&] {
        if (searcher) searcher->close();
    });
    guarded(nullptr, [&] {
        if (reader) reader->close();
    });
}

/* The number of each document of a segment, from the index: all of a value's documents at a time. */
static std::shared_ptr<const std::vector<int64_t>> readTimes(const IndexReaderPtr &reader, const String &field) {
    auto times = std::make_shared<std::vector<int64_t>>(static_cast<size_t>(std::max(reader->maxDoc(), 0)), 0);
    TermEnumPtr terms = reader->terms(newLucene<Term>(field, EmptyString));
    TermDocsPtr documents = reader->termDocs();
    while (TermPtr term = terms->term()) {
        /* Coarser values, for ranges, come behind the exact ones. */
        if (term->field() != field || term->text().empty() || term->text()[0] != NumericUtils::SHIFT_START_LONG) break;
        int64_t time = NumericUtils::prefixCodedToLong(term->text());
        documents->seek(terms);
        while (documents->next()) {
            int32_t document = documents->doc();
            if (document < 0 || static_cast<size_t>(document) >= times->size()) throw CorruptIndexException(L"a document's number is too large");
            (*times)[static_cast<size_t>(document)] = time;
        }
        if (!terms->next()) break;
    }
    terms->close();
    documents->close();
    return times;
}

static void gather(const IndexReaderPtr &reader, int32_t base, std::vector<Segment> &segments) {
    Collection<IndexReaderPtr> parts = reader->getSequentialSubReaders();
    if (!parts) {
        segments.push_back(Segment{base, reader, reader->getFieldCacheKey(), nullptr});
        return;
    }
    for (const IndexReaderPtr &part : parts) {
        gather(part, base, segments);
        base += part->maxDoc();
    }
}

clucene_code clucene_refresh(clucene_index *index, uint32_t number, clucene_searcher *previous, clucene_searcher **result,
                             clucene_error *error) {
    return guarded(error, [&] {
        std::unique_ptr<clucene_searcher> searcher(new clucene_searcher);
        searcher->fields = index->fields;
        const String &field = searcher->field(number).name;
        searcher->reader = index->writer->getReader();
        searcher->searcher = newLucene<IndexSearcher>(searcher->reader);
        gather(searcher->reader, 0, searcher->segments);
        for (Segment &segment : searcher->segments) {
            if (previous) {
                for (const Segment &known : previous->segments) {
                    if (known.key == segment.key) segment.times = known.times;
                }
            }
            if (!segment.times) segment.times = readTimes(segment.reader, field);
            if (segment.times->size() < static_cast<size_t>(segment.reader->maxDoc())) throw CorruptIndexException(L"times are missing");
        }
        *result = searcher.release();
    });
}

void clucene_searcher_release(clucene_searcher *searcher) {
    guarded(nullptr, [&] { delete searcher; });
}

uint64_t clucene_documents(clucene_searcher *searcher) {
    uint64_t count = 0;
    guarded(nullptr, [&] { count = static_cast<uint64_t>(std::max(searcher->reader->numDocs(), 0)); });
    return count;
}

clucene_code clucene_frequency(clucene_searcher *searcher, uint32_t field, const char *term, size_t size, uint64_t *count,
                               clucene_error *error) {
    return guarded(error, [&] {
        TermPtr wanted = newLucene<Term>(searcher->field(field).name, wide(term, size));
        *count = static_cast<uint64_t>(std::max(searcher->reader->docFreq(wanted), 0));
    });
}

static uint64_t monotonicNow() {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
}

void checkTime(uint64_t deadline) {
    if (deadline != 0 && monotonicNow() > deadline) throw TooLong();
}

namespace {

/* Keeps the first hits in order, and counts all. */
class HitCollector : public Collector {
public:
    LUCENE_CLASS(HitCollector);

    HitCollector(const clucene_request &request, const clucene_searcher &searcher) : request(request), searcher(searcher) {
        heap.reserve(std::min<size_t>(request.limit, 1024) + 1);
        if (request.facet_count > 0) {
            matches.resize((static_cast<size_t>(std::max(searcher.reader->maxDoc(), 0)) + 63) / 64, 0);
        }
    }

    void setScorer(const ScorerPtr &scorer) override { this->scorer = scorer.get(); }
    bool acceptsDocsOutOfOrder() override { return true; }

    void setNextReader(const IndexReaderPtr &, int32_t docBase) override {
        base = docBase;
        for (const Segment &segment : searcher.segments) {
            if (segment.base == docBase && !segment.times->empty()) times = segment.times.get();
        }
        checkTime();
    }

    void collect(int32_t document) override {
        if ((++total & 0xfff) == 0) checkTime();
        clucene_hit hit{base + document, 0, times->at(static_cast<size_t>(document))};
        if (!matches.empty()) {
            matches.at(static_cast<size_t>(hit.document) / 64) |= uint64_t(1) << (static_cast<size_t>(hit.document) % 64);
        }
        if (request.order == CLUCENE_RELEVANCE) {
            double score = scorer->score();
            if (request.recency > 0) {
                double age = static_cast<double>(request.now) - static_cast<double>(hit.time);
                score *= 1 + request.recency * std::exp2(-std::max(age, 0.0) / static_cast<double>(request.half_life));
            }
            hit.score = static_cast<float>(score);
        }
        if (request.limit == 0 || (request.after && !isBefore(*request.after, hit))) return;
        auto before = [this](const clucene_hit &a, const clucene_hit &b) { return isBefore(a, b); };
        if (heap.size() == request.limit) {
            if (!isBefore(hit, heap.front())) return;
            std::pop_heap(heap.begin(), heap.end(), before);
            heap.back() = hit;
        } else {
            heap.push_back(hit);
        }
        std::push_heap(heap.begin(), heap.end(), before);
    }

    std::vector<clucene_hit> sorted() {
        std::vector<clucene_hit> hits(heap);
        std::sort(hits.begin(), hits.end(), [this](const clucene_hit &a, const clucene_hit &b) { return isBefore(a, b); });
        return hits;
    }

    bool contains(int32_t document) const {
        return matches.at(static_cast<size_t>(document) / 64) >> (static_cast<size_t>(document) % 64) & 1;
    }

    void checkTime() const { ::checkTime(request.deadline); }

    uint64_t total = 0;

private:
    bool isBefore(const clucene_hit &a, const clucene_hit &b) const {
        if (request.order == CLUCENE_RELEVANCE && a.score != b.score) return a.score > b.score;
        if (a.time != b.time) return request.order == CLUCENE_OLDEST ? a.time < b.time : a.time > b.time;
        return a.document < b.document;
    }

    const clucene_request &request;
    const clucene_searcher &searcher;
    Scorer *scorer = nullptr;
    const std::vector<int64_t> *times = nullptr;
    int32_t base = 0;
    /* The worst hit is the first. */
    std::vector<clucene_hit> heap;
    std::vector<uint64_t> matches;
};

void countFacets(const clucene_searcher &searcher, const clucene_request &request, const HitCollector &hits) {
    for (size_t next = 0; next < request.facet_count; next++) {
        uint32_t index = request.facets[next];
        const String &field = searcher.field(index).name;
        TermEnumPtr terms = searcher.reader->terms(newLucene<Term>(field, EmptyString));
        TermDocsPtr documents = searcher.reader->termDocs();
        while (TermPtr term = terms->term()) {
            if (term->field() != field) break;
            uint64_t count = 0;
            documents->seek(term);
            while (documents->next()) count += hits.contains(documents->doc()) ? 1 : 0;
            if (count > 0) {
                std::string value = StringUtils::toUTF8(term->text());
                request.facet(request.context, index, value.data(), value.size(), count);
            }
            hits.checkTime();
            if (!terms->next()) break;
        }
        terms->close();
        documents->close();
    }
}

}

clucene_code clucene_search(clucene_searcher *searcher, const clucene_request *request, clucene_hit *hits, size_t *count, uint64_t *total,
                            clucene_error *error) {
    return guarded(error, [&] {
        boost::shared_ptr<HitCollector> collector = newLucene<HitCollector>(*request, *searcher);
        searcher->searcher->search(request->query->query, collector);
        std::vector<clucene_hit> found = collector->sorted();
        std::copy(found.begin(), found.end(), hits);
        *count = found.size();
        *total = collector->total;
        if (request->facet_count > 0) countFacets(*searcher, *request, *collector);
    });
}

clucene_code clucene_id(clucene_searcher *searcher, int32_t document, char *id, size_t size, size_t *length, clucene_error *error) {
    return guarded(error, [&] {
        for (const IndexField &field : searcher->fields) {
            if (field.kind != CLUCENE_ID) continue;
            std::string text = StringUtils::toUTF8(searcher->reader->document(document)->get(field.name));
            if (text.size() > size) throw CorruptIndexException(L"an id is too long");
            std::memcpy(id, text.data(), text.size());
            *length = text.size();
            return;
        }
        throw IllegalArgumentException(L"the index has no field for ids");
    });
}
