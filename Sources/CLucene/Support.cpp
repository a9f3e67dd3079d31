/* SPDX-License-Identifier: Apache-2.0 */
#include "Support.hpp"

#include <cstring>
#include <new>

using namespace Lucene;

static void copy(const char *text, clucene_error *error) noexcept {
    if (!error) return;
    /* Not in the middle of a character. */
    size_t size = std::strlen(text);
    if (size >= sizeof error->message) {
        size = sizeof error->message - 1;
        while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) size--;
    }
    std::memcpy(error->message, text, size);
    error->message[size] = 0;
}

static clucene_code code(LuceneException::ExceptionType type) noexcept {
    switch (type) {
    case LuceneException::CorruptIndex:
    case LuceneException::FileNotFound:
    case LuceneException::NoSuchDirectory:
    case LuceneException::IndexOutOfBounds:
    case LuceneException::NullPointer:
    case LuceneException::NumberFormat:
    case LuceneException::Compression:
    case LuceneException::FieldReader: return CLUCENE_DAMAGED;
    case LuceneException::IO: return CLUCENE_IO;
    case LuceneException::OutOfMemory: return CLUCENE_MEMORY;
    case LuceneException::MergeAborted: return CLUCENE_ABORTED;
    default: return CLUCENE_FAILED;
    }
}

clucene_code report(clucene_error *error) noexcept {
    clucene_code result = CLUCENE_FAILED;
    try {
        throw;
    } catch (const TooLong &) {
        copy("the search took too long", error);
        result = CLUCENE_TOO_LONG;
    } catch (const LuceneException &exception) {
        result = code(exception.getType());
        try {
            std::string text = StringUtils::toUTF8(exception.getError());
            if (text.empty()) text = exception.what();
            /* The library has no type of its own for this. */
            if (result == CLUCENE_IO && text.find("Read past EOF") != std::string::npos) result = CLUCENE_DAMAGED;
            copy(text.c_str(), error);
        } catch (...) {
            copy("an error without a text", error);
        }
    } catch (const std::bad_alloc &) {
        copy("there is not enough memory", error);
        result = CLUCENE_MEMORY;
    } catch (const std::exception &exception) {
        copy(exception.what(), error);
    } catch (...) {
        copy("an unknown error", error);
    }
    if (error) error->code = result;
    return result;
}

void appendWide(const uint8_t *bytes, size_t size, std::wstring &wide) {
    size_t position = 0;
    while (position < size) {
        uint32_t first = bytes[position];
        if (first < 0x80) {
            wide.push_back(static_cast<wchar_t>(first));
            position++;
            continue;
        }
        size_t length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc2 && first < 0xe0 ? 2 : 0;
        uint32_t codePoint = length == 4 ? first & 7 : length == 3 ? first & 15 : first & 31;
        bool isValid = length > 0 && length <= size - position;
        for (size_t next = 1; isValid && next < length; next++) {
            isValid = (bytes[position + next] & 0xc0) == 0x80;
            codePoint = codePoint << 6 | (bytes[position + next] & 0x3f);
        }
        if (!isValid || codePoint > 0x10ffff || (codePoint & 0xfffff800) == 0xd800) {
            codePoint = 0xfffd;
            length = 1;
        }
        wide.push_back(static_cast<wchar_t>(codePoint));
        position += length;
    }
}
