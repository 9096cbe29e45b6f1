//! What a byte is where it stands outside of strings.

/// A byte's class is one bit; a set of classes is several.
pub(super) type Class = u8;

pub(super) const NOTHING: Class = 0;
pub(super) const WHITE: Class = 1 << 0;
pub(super) const COLON: Class = 1 << 1;
/// `{` and `[`.
pub(super) const BRACKET: Class = 1 << 2;
pub(super) const QUOTE: Class = 1 << 3;
const COMMA: Class = 1 << 4;
const END_OF_OBJECT: Class = 1 << 5;
const END_OF_LIST: Class = 1 << 6;

/// What may follow a value within brackets.
pub(super) const AFTER_VALUE: Class = COMMA | END_OF_OBJECT | END_OF_LIST;

/// What follows a name, be it without a value.
pub(super) const AFTER_NAME: Class = COLON | COMMA | END_OF_OBJECT;

/// The class of each byte.
static CLASSES: [Class; 256] = {
    let mut classes = [NOTHING; 256];
    let mut rest: &mut [Class] = &mut classes;
    let mut byte = 0_u8;
    while let Some((class, others)) = rest.split_first_mut() {
        *class = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => WHITE,
            b':' => COLON,
            b'{' | b'[' => BRACKET,
            b'"' => QUOTE,
            b',' => COMMA,
            b'}' => END_OF_OBJECT,
            b']' => END_OF_LIST,
            _ => NOTHING,
        };
        byte = byte.wrapping_add(1);
        rest = others;
    }
    classes
};

#[inline(always)]
pub(super) fn class_of(byte: u8) -> Class {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(NOTHING)
}
