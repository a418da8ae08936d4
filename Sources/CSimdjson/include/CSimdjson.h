// JSON for feeds, behind C: one pass over a frame that leaves a flat array of tokens, and a quick look at a few keys.
//
// Numbers and strings stay the provider's text: nothing is converted, nothing is rounded. No function throws.
#ifndef CSIMDJSON_H
#define CSIMDJSON_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that must be readable behind every input, whatever they hold.
#define FJ_SLACK 64
/// Objects and arrays may be nested this deep.
#define FJ_MAXIMUM_DEPTH 64
/// Longer inputs are refused.
#define FJ_MAXIMUM_BYTES (16u << 20)

enum {
    FJ_OBJECT = 0,
    FJ_ARRAY = 1,
    FJ_KEY = 2,
    FJ_STRING = 3,
    /// A string that had escapes: its text is in the parser's own buffer, unescaped.
    FJ_UNESCAPED_STRING = 4,
    FJ_NUMBER = 5,
    FJ_TRUE = 6,
    FJ_FALSE = 7,
    FJ_NULL = 8,
};

/// One token, in document order. A key is followed by its value; an object or array by what it holds.
typedef struct {
    /// The text: of a string or key without its quotes, of an object or array from bracket to bracket.
    const uint8_t *text;
    uint32_t length;
    /// How many tokens this one and everything in it are.
    uint32_t span;
    /// One of the numbers above.
    uint8_t kind;
} fj_token;

enum {
    FJ_OK = 0,
    FJ_MALFORMED = 1,
    FJ_TOO_DEEP = 2,
    FJ_TOO_LONG = 3,
    FJ_NO_MEMORY = 4,
};

typedef struct {
    const fj_token *tokens;
    uint32_t count;
    int32_t status;
    /// Where the input stopped making sense, or -1 if that is not known.
    int64_t offset;
    /// What was wrong there, for people.
    const char *what;
} fj_document;

typedef struct fj_parser fj_parser;

/// Null when memory ran out.
fj_parser *fj_create(void);
void fj_destroy(fj_parser *parser);

/// Reads one document (RFC 8259, UTF-8) completely. The tokens are valid until the next scan; those without escapes point
/// into `bytes`. Returns `document->status`.
int32_t fj_scan(fj_parser *parser, const uint8_t *bytes, size_t length, fj_document *document);

typedef struct {
    const uint8_t *text;
    uint32_t length;
} fj_text;

/// Where the value of a wanted key was found: raw, a string with its quotes. `text` is null if it was not.
/// Looks through the object at `*offset` without checking more than it must: of equal keys the first counts, and what
/// follows the last wanted key is not looked at when `stops_early` is set. Otherwise `*offset` ends behind the object.
/// Returns 0, or -1 when there is no readable object.
int32_t fj_peek(
    const uint8_t *bytes, size_t length, size_t *offset, const fj_text *keys, fj_text *values, uint32_t key_count,
    uint32_t wanted, int32_t stops_early);

/// Moves `*offset` to the next byte that is not white space. Returns it, or -1 at the end.
int32_t fj_peek_byte(const uint8_t *bytes, size_t length, size_t *offset);

/// Moves `*offset` behind the value that comes next, whatever it is. Returns 0, or -1 when there is none.
int32_t fj_peek_skip(const uint8_t *bytes, size_t length, size_t *offset);

#ifdef __cplusplus
}
#endif
#endif
