// simdjson finds where strings, numbers and brackets begin (its first stage, in the fastest kernel this CPU has, with
// UTF-8 and control characters checked); the walk over those places is ours, because it has to leave numbers as text.
// On-Demand is not used: it is compiled for the oldest CPU of the target and converts what it reads.
#include "CSimdjson.h"

#include <simdjson.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

using simdjson::internal::dom_parser_implementation;

namespace {

constexpr size_t smallest_capacity = size_t(64) << 10;
/// What a parser keeps after a long document; beyond it, the next short one gives the memory back.
constexpr size_t kept_capacity = size_t(1) << 20;

inline bool is_space(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r'; }
inline bool is_digit(uint8_t byte) { return uint8_t(byte - '0') <= 9; }

struct failure {
    int32_t status;
    const uint8_t *place;
    const char *what;
};

}  // namespace

struct fj_parser {
    std::unique_ptr<dom_parser_implementation> stage;
    std::unique_ptr<fj_token[]> tokens;
    std::unique_ptr<uint8_t[]> text;
    size_t capacity = 0;
    size_t token_capacity = 0;
    size_t text_capacity = 0;

    bool reserve(size_t length) {
        if (length <= capacity && (capacity <= kept_capacity || length > capacity / 16)) { return true; }
        size_t wanted = smallest_capacity;
        while (wanted < length) { wanted *= 2; }
        if (wanted == capacity) { return true; }
        stage.reset();
        capacity = 0;
        auto error = simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, stage);
        if (error) { return false; }
        capacity = wanted;
        if (wanted <= smallest_capacity) {
            tokens.reset();
            text.reset();
            token_capacity = text_capacity = 0;
        }
        return true;
    }

    bool reserve_tokens(size_t count) {
        if (count <= token_capacity) { return true; }
        size_t wanted = count + count / 2 + 256;
        tokens.reset(new (std::nothrow) fj_token[wanted]);
        token_capacity = tokens ? wanted : 0;
        return token_capacity != 0;
    }

    bool reserve_text(size_t count) {
        if (count <= text_capacity) { return true; }
        text.reset(new (std::nothrow) uint8_t[count + FJ_SLACK]());
        text_capacity = text ? count : 0;
        return text_capacity != 0;
    }
};

namespace {

/// One walk over the structural places of one document.
struct walk {
    const uint8_t *bytes;
    const uint32_t *place;
    const uint32_t *end_of_places;
    fj_token *tokens;
    uint32_t count = 0;
    bool has_backslash;
    uint8_t *unescaped;
    failure error{FJ_OK, nullptr, nullptr};

    bool fail(const uint8_t *where, const char *what, int32_t status = FJ_MALFORMED) {
        error = {status, where, what};
        return false;
    }

    inline void put(const uint8_t *text, size_t length, uint8_t kind) {
        tokens[count++] = fj_token{text, uint32_t(length), 1, kind};
    }

    /// The byte behind the scalar that starts at the current place, white space included: the next place. stage 1 leaves
    /// the document's length behind the last one.
    inline const uint8_t *limit() const { return bytes + place[1]; }

    inline bool only_space(const uint8_t *from, const uint8_t *to) {
        while (from < to && is_space(*from)) { from++; }
        return from == to;
    }

    inline bool string(const uint8_t *quote, uint8_t kind) {
        const uint8_t *close = limit() - 1;
        while (close > quote && is_space(*close)) { close--; }
        if (close == quote || *close != '"') { return fail(quote, "string without an end"); }
        size_t length = size_t(close - quote - 1);
        if (has_backslash && memchr(quote + 1, '\\', length)) { return unescape(quote + 1, close, kind); }
        put(quote + 1, length, kind);
        return true;
    }

    static int hex(const uint8_t *from) {
        int value = 0;
        for (int index = 0; index < 4; index++) {
            uint8_t digit = from[index];
            int nibble = is_digit(digit) ? digit - '0' : -1;
            uint8_t letter = digit | 0x20;
            if (letter >= 'a' && letter <= 'f') { nibble = letter - 'a' + 10; }
            if (nibble < 0) { return -1; }
            value = value * 16 + nibble;
        }
        return value;
    }

    void encode(uint32_t scalar) {
        if (scalar < 0x80) {
            *unescaped++ = uint8_t(scalar);
        } else if (scalar < 0x800) {
            *unescaped++ = uint8_t(0xC0 | scalar >> 6);
            *unescaped++ = uint8_t(0x80 | (scalar & 0x3F));
        } else if (scalar < 0x10000) {
            *unescaped++ = uint8_t(0xE0 | scalar >> 12);
            *unescaped++ = uint8_t(0x80 | (scalar >> 6 & 0x3F));
            *unescaped++ = uint8_t(0x80 | (scalar & 0x3F));
        } else {
            *unescaped++ = uint8_t(0xF0 | scalar >> 18);
            *unescaped++ = uint8_t(0x80 | (scalar >> 12 & 0x3F));
            *unescaped++ = uint8_t(0x80 | (scalar >> 6 & 0x3F));
            *unescaped++ = uint8_t(0x80 | (scalar & 0x3F));
        }
    }

    /// `\uXXXX` at `from`, with its second half if it is a surrogate. Null when it is not a character.
    const uint8_t *unicode(const uint8_t *from, const uint8_t *close) {
        if (close - from < 6) { return nullptr; }
        int first = hex(from + 2);
        if (first < 0 || (first >= 0xDC00 && first <= 0xDFFF)) { return nullptr; }
        if (first < 0xD800 || first > 0xDBFF) {
            encode(uint32_t(first));
            return from + 6;
        }
        if (close - from < 12 || from[6] != '\\' || from[7] != 'u') { return nullptr; }
        int second = hex(from + 8);
        if (second < 0xDC00 || second > 0xDFFF) { return nullptr; }
        encode(0x10000 + (uint32_t(first - 0xD800) << 10) + uint32_t(second - 0xDC00));
        return from + 12;
    }

    bool unescape(const uint8_t *from, const uint8_t *close, uint8_t kind) {
        uint8_t *start = unescaped;
        while (from < close) {
            if (*from != '\\') {
                *unescaped++ = *from++;
                continue;
            }
            const uint8_t *escape = from;
            if (close - from < 2) { return fail(escape, "escape cut short"); }
            from += 2;
            switch (escape[1]) {
                case '"': *unescaped++ = '"'; break;
                case '\\': *unescaped++ = '\\'; break;
                case '/': *unescaped++ = '/'; break;
                case 'b': *unescaped++ = '\b'; break;
                case 'f': *unescaped++ = '\f'; break;
                case 'n': *unescaped++ = '\n'; break;
                case 'r': *unescaped++ = '\r'; break;
                case 't': *unescaped++ = '\t'; break;
                case 'u':
                    from = unicode(escape, close);
                    if (!from) { return fail(escape, "not a character"); }
                    break;
                default: return fail(escape, "unknown escape");
            }
        }
        put(start, size_t(unescaped - start), kind == FJ_STRING ? uint8_t(FJ_UNESCAPED_STRING) : kind);
        return true;
    }

    bool number(const uint8_t *start) {
        const uint8_t *end = limit();
        const uint8_t *at = start + (*start == '-');
        const uint8_t *digits = at;
        while (at < end && is_digit(*at)) { at++; }
        if (at == digits || (at - digits > 1 && *digits == '0')) { return fail(start, "not a number"); }
        if (at < end && *at == '.') {
            digits = ++at;
            while (at < end && is_digit(*at)) { at++; }
            if (at == digits) { return fail(start, "not a number"); }
        }
        if (at < end && (*at | 0x20) == 'e') {
            at++;
            if (at < end && (*at == '+' || *at == '-')) { at++; }
            digits = at;
            while (at < end && is_digit(*at)) { at++; }
            if (at == digits) { return fail(start, "not a number"); }
        }
        if (at != end && !only_space(at, end)) { return fail(start, "not a number"); }
        put(start, size_t(at - start), FJ_NUMBER);
        return true;
    }

    bool word(const uint8_t *start, const char *text, size_t length, uint8_t kind) {
        const uint8_t *end = limit();
        if (size_t(end - start) < length || memcmp(start, text, length) != 0 || !only_space(start + length, end)) {
            return fail(start, "unknown word");
        }
        put(start, length, kind);
        return true;
    }

    inline bool scalar(const uint8_t *start) {
        switch (*start) {
            case '"': return string(start, FJ_STRING);
            case 't': return word(start, "true", 4, FJ_TRUE);
            case 'f': return word(start, "false", 5, FJ_FALSE);
            case 'n': return word(start, "null", 4, FJ_NULL);
            case '-':
            case '0': case '1': case '2': case '3': case '4':
            case '5': case '6': case '7': case '8': case '9': return number(start);
            default: return fail(start, "value expected");
        }
    }

    inline uint8_t current() const { return place < end_of_places ? bytes[*place] : 0; }

    bool run() {
        uint32_t open[FJ_MAXIMUM_DEPTH];
        int depth = 0;
        bool is_object = false;
        const uint8_t *at;

    value:
        if (place >= end_of_places) { return fail(bytes + *place, "cut short"); }
        at = bytes + *place;
        if (*at == '{' || *at == '[') {
            if (depth == FJ_MAXIMUM_DEPTH) { return fail(at, "nested too deep", FJ_TOO_DEEP); }
            is_object = *at == '{';
            open[depth++] = count;
            put(at, 0, is_object ? FJ_OBJECT : FJ_ARRAY);
            place++;
            if (current() == (is_object ? '}' : ']')) { goto close; }
            if (is_object) { goto key; }
            goto value;
        }
        if (!scalar(at)) { return false; }
        place++;

    after_value:
        if (depth == 0) {
            return place == end_of_places || fail(bytes + *place, "more behind the end");
        }
        switch (current()) {
            case ',':
                place++;
                if (is_object) { goto key; }
                goto value;
            case '}':
                if (is_object) { goto close; }
                break;
            case ']':
                if (!is_object) { goto close; }
                break;
            default: break;
        }
        return fail(bytes + *place, place < end_of_places ? "comma or closing bracket expected" : "cut short");

    key:
        if (current() != '"') { return fail(bytes + *place, place < end_of_places ? "key expected" : "cut short"); }
        if (!string(bytes + *place, FJ_KEY)) { return false; }
        place++;
        if (current() != ':') { return fail(bytes + *place, place < end_of_places ? "colon expected" : "cut short"); }
        place++;
        goto value;

    close : {
        fj_token &opened = tokens[open[--depth]];
        opened.length = uint32_t(bytes + *place + 1 - opened.text);
        opened.span = count - open[depth];
        place++;
        if (depth > 0) { is_object = tokens[open[depth - 1]].kind == FJ_OBJECT; }
        goto after_value;
    }
    }
};

int32_t finish(fj_document *document, int32_t status, int64_t offset, const char *what) {
    document->status = status;
    document->offset = offset;
    document->what = what;
    return status;
}

}  // namespace

fj_parser *fj_create(void) {
    auto *parser = new (std::nothrow) fj_parser;
    if (parser && !parser->reserve(smallest_capacity)) {
        delete parser;
        return nullptr;
    }
    return parser;
}

void fj_destroy(fj_parser *parser) { delete parser; }

int32_t fj_scan(fj_parser *parser, const uint8_t *bytes, size_t length, fj_document *document) {
    document->tokens = nullptr;
    document->count = 0;
    if (length > FJ_MAXIMUM_BYTES) { return finish(document, FJ_TOO_LONG, -1, "longer than 16 MiB"); }
    if (!parser->reserve(length)) { return finish(document, FJ_NO_MEMORY, -1, "out of memory"); }
    auto &stage = *parser->stage;
    switch (stage.stage1(bytes, length, simdjson::stage1_mode::regular)) {
        case simdjson::SUCCESS: break;
        case simdjson::EMPTY: return finish(document, FJ_MALFORMED, 0, "empty");
        case simdjson::UTF8_ERROR: return finish(document, FJ_MALFORMED, -1, "not UTF-8");
        case simdjson::UNESCAPED_CHARS: return finish(document, FJ_MALFORMED, -1, "control character in a string");
        case simdjson::UNCLOSED_STRING: return finish(document, FJ_MALFORMED, -1, "string without an end");
        case simdjson::MEMALLOC: return finish(document, FJ_NO_MEMORY, -1, "out of memory");
        default: return finish(document, FJ_MALFORMED, -1, "unreadable");
    }
    if (stage.n_structural_indexes == 0) { return finish(document, FJ_MALFORMED, 0, "empty"); }
    // Every token begins at a structural place, so there cannot be more of them.
    bool has_backslash = memchr(bytes, '\\', length) != nullptr;
    if (!parser->reserve_tokens(stage.n_structural_indexes) || (has_backslash && !parser->reserve_text(length))) {
        return finish(document, FJ_NO_MEMORY, -1, "out of memory");
    }
    walk walk{bytes, stage.structural_indexes.get(), stage.structural_indexes.get() + stage.n_structural_indexes,
              parser->tokens.get(), 0, has_backslash, parser->text.get()};
    if (!walk.run()) {
        return finish(document, walk.error.status, walk.error.place - bytes, walk.error.what);
    }
    document->tokens = parser->tokens.get();
    document->count = walk.count;
    return finish(document, FJ_OK, -1, nullptr);
}

// MARK: Peeking

namespace {

/// Reads ahead without a check: only where `FJ_SLACK` bytes behind `end` may be read.
struct glance {
    const uint8_t *at;
    const uint8_t *end;

    inline bool skip_space() {
        while (at < end && is_space(*at)) { at++; }
        return at < end;
    }

    inline bool take(uint8_t byte) {
        if (!skip_space() || *at != byte) { return false; }
        at++;
        return true;
    }

    /// From a quote to behind the closing one, eight bytes at a time.
    bool skip_string() {
        constexpr uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
        at++;
        while (at < end) {
            uint64_t word;
            memcpy(&word, at, 8);
            uint64_t quotes = word ^ (ones * '"'), slashes = word ^ (ones * '\\');
            uint64_t hits = (((quotes - ones) & ~quotes) | ((slashes - ones) & ~slashes)) & high;
            if (!hits) {
                at += 8;
                continue;
            }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            at += __builtin_ctzll(hits) >> 3;
#else
            while (*at != '"' && *at != '\\') { at++; }
#endif
            if (at >= end) { return false; }
            if (*at == '"') {
                at++;
                return true;
            }
            at += 2;
        }
        return false;
    }

    bool skip_container() {
        int depth = 0;
        while (at < end) {
            switch (*at) {
                case '"':
                    if (!skip_string()) { return false; }
                    continue;
                case '{':
                case '[': depth++; break;
                case '}':
                case ']':
                    if (--depth == 0) {
                        at++;
                        return true;
                    }
                    break;
                default: break;
            }
            at++;
        }
        return false;
    }

    bool skip_value() {
        if (!skip_space()) { return false; }
        if (*at == '"') { return skip_string(); }
        if (*at == '{' || *at == '[') { return skip_container(); }
        const uint8_t *start = at;
        while (at < end && *at != ',' && *at != '}' && *at != ']' && !is_space(*at)) { at++; }
        return at > start;
    }
};

}  // namespace

int32_t fj_peek_byte(const uint8_t *bytes, size_t length, size_t *offset) {
    glance glance{bytes + *offset, bytes + length};
    bool found = glance.skip_space();
    *offset = size_t(glance.at - bytes);
    return found ? *glance.at : -1;
}

int32_t fj_peek_skip(const uint8_t *bytes, size_t length, size_t *offset) {
    glance glance{bytes + *offset, bytes + length};
    if (!glance.skip_space() || !glance.skip_value()) { return -1; }
    *offset = size_t(glance.at - bytes);
    return 0;
}

int32_t fj_peek(
    const uint8_t *bytes, size_t length, size_t *offset, const fj_text *keys, fj_text *values, uint32_t key_count,
    uint32_t wanted, int32_t stops_early) {
    glance glance{bytes + *offset, bytes + length};
    for (uint32_t index = 0; index < key_count; index++) { values[index].text = nullptr; }
    if (!glance.take('{')) { return -1; }
    if (glance.take('}')) {
        *offset = size_t(glance.at - bytes);
        return 0;
    }
    do {
        if (!glance.skip_space() || *glance.at != '"') { return -1; }
        const uint8_t *key = glance.at + 1;
        if (!glance.skip_string()) { return -1; }
        size_t key_length = size_t(glance.at - key - 1);
        if (!glance.take(':') || !glance.skip_space()) { return -1; }
        const uint8_t *value = glance.at;
        if (!glance.skip_value()) { return -1; }
        for (uint32_t index = 0; index < key_count; index++) {
            if (keys[index].length != key_length || memcmp(keys[index].text, key, key_length) != 0) { continue; }
            if (values[index].text) { break; }
            values[index] = fj_text{value, uint32_t(glance.at - value)};
            wanted &= ~(1u << index);
            if (stops_early && wanted == 0) { return 0; }
            break;
        }
    } while (glance.take(','));
    if (!glance.take('}')) { return -1; }
    *offset = size_t(glance.at - bytes);
    return 0;
}
