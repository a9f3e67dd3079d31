/* SPDX-License-Identifier: Apache-2.0 */
#include "Searcher.hpp"

#include <algorithm>

using namespace Lucene;

clucene_code clucene_words(clucene_searcher *searcher, uint32_t field, uint64_t least, size_t most, uint64_t deadline, clucene_word visit,
                           void *context, clucene_error *error) {
    return guarded(error, [&] {
        const String &name = searcher->field(field).name;
        TermEnumPtr terms = searcher->reader->terms(newLucene<Term>(name, EmptyString));
        size_t count = 0;
        for (size_t looked = 0;; looked++) {
            TermPtr term = terms->term();
            if (!term || term->field() != name) break;
            uint64_t documents = static_cast<uint64_t>(std::max(terms->docFreq(), 0));
            if (documents >= least) {
                if (count++ == most) break;
                std::string text = StringUtils::toUTF8(term->text());
                visit(context, text.data(), text.size(), documents);
            }
            if (looked % 1024 == 0) checkTime(deadline);
            if (!terms->next()) break;
        }
        terms->close();
    });
}
