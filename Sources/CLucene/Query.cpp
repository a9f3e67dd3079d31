/* SPDX-License-Identifier: Apache-2.0 */
#include "Support.hpp"

#include <algorithm>
#include <lucene++/ConstantScoreQuery.h>
#include <lucene++/MatchAllDocsQuery.h>
#include <lucene++/NumericRangeQuery.h>
#include <lucene++/QueryWrapperFilter.h>

#include "Searcher.hpp"

using namespace Lucene;

/* Calls `body`, which returns a query; NULL if it throws. */
template <typename Body>
static clucene_query *made(Body body) noexcept {
    clucene_query *result = nullptr;
    guarded(nullptr, [&] { result = new clucene_query{body()}; });
    return result;
}

clucene_query *clucene_term(clucene_index *index, uint32_t field, const char *term, size_t size, float boost) {
    return made([&] {
        TermQueryPtr query = newLucene<TermQuery>(index->term(field, wide(term, size)));
        query->setBoost(boost);
        return query;
    });
}

clucene_query *clucene_phrase(clucene_index *index, const clucene_terms *terms, float boost) {
    return made([&] {
        PhraseQueryPtr query = newLucene<PhraseQuery>();
        uint32_t start = 0;
        for (size_t next = 0; next < terms->count; next++) {
            const char *text = reinterpret_cast<const char *>(terms->bytes) + start;
            query->add(index->term(terms->field, wide(text, terms->ends[next] - start)));
            start = terms->ends[next];
        }
        query->setBoost(boost);
        return query;
    });
}

clucene_query *clucene_range(clucene_index *index, uint32_t field, int64_t lower, int64_t upper) {
    return made([&] {
        return NumericRangeQuery::newLongRange(index->field(field).name, 8, lower, upper, true, false);
    });
}

clucene_query *clucene_prefix(clucene_index *index, clucene_searcher *searcher, uint32_t field, const char *prefix, size_t size,
                              size_t most, float boost) {
    return made([&]() -> QueryPtr {
        /* Enough to find the frequent ones among, and little enough for a prefix of one letter. */
        const size_t looked = 20000;
        String name(index->field(field).name);
        String beginning(wide(prefix, size));
        std::vector<std::pair<int32_t, String>> found;
        TermEnumPtr terms = searcher->reader->terms(newLucene<Term>(name, beginning));
        for (size_t next = 0; next < looked; next++) {
            TermPtr term = terms->term();
            if (!term || term->field() != name || term->text().compare(0, beginning.size(), beginning) != 0) break;
            found.emplace_back(terms->docFreq(), term->text());
            if (!terms->next()) break;
        }
        terms->close();
        size_t kept = std::min(most, found.size());
        std::partial_sort(
            found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end(),
            [](const auto &a, const auto &b) { return a.first > b.first; });
        BooleanQueryPtr query = newLucene<BooleanQuery>(true);
        for (size_t next = 0; next < kept; next++) {
            query->add(newLucene<TermQuery>(index->term(field, found[next].second)), BooleanClause::SHOULD);
        }
        ConstantScoreQueryPtr result = newLucene<ConstantScoreQuery>(newLucene<QueryWrapperFilter>(query));
        result->setBoost(boost);
        return result;
    });
}

clucene_query *clucene_everything(clucene_index *) {
    return made([&] { return newLucene<MatchAllDocsQuery>(); });
}

clucene_query *clucene_boolean(clucene_index *) {
    return made([&] { return newLucene<BooleanQuery>(true); });
}

bool clucene_boolean_add(clucene_query *query, clucene_query *part, clucene_occur occur) {
    clucene_code code = guarded(nullptr, [&] {
        if (!query || !part) throw IllegalArgumentException(L"a query is missing");
        BooleanQueryPtr whole = boost::dynamic_pointer_cast<BooleanQuery>(query->query);
        if (!whole) throw IllegalArgumentException(L"parts can be added to a boolean query only");
        whole->add(
            part->query, occur == CLUCENE_MUST ? BooleanClause::MUST : occur == CLUCENE_SHOULD ? BooleanClause::SHOULD : BooleanClause::MUST_NOT);
    });
    clucene_query_free(part);
    return code == CLUCENE_OK;
}

void clucene_boolean_minimum(clucene_query *query, int32_t count) {
    guarded(nullptr, [&] {
        if (BooleanQueryPtr whole = boost::dynamic_pointer_cast<BooleanQuery>(query->query)) whole->setMinimumNumberShouldMatch(count);
    });
}

clucene_query *clucene_constant(clucene_query *query, float score) {
    if (!query) return nullptr;
    clucene_query *result = made([&] {
        ConstantScoreQueryPtr constant = newLucene<ConstantScoreQuery>(newLucene<QueryWrapperFilter>(query->query));
        constant->setBoost(score);
        return constant;
    });
    clucene_query_free(query);
    return result;
}

void clucene_query_free(clucene_query *query) {
    guarded(nullptr, [&] { delete query; });
}
