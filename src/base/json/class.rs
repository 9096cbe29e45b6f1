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
    let all = [
        (b' ', WHITE),
        (b'\t', WHITE),
        (b'\n', WHITE),
        (b'\r', WHITE),
        (b':', COLON),
        (b'{', BRACKET),
        (b'[', BRACKET),
        (b'"', QUOTE),
        (b',', COMMA),
        (b'}', END_OF_OBJECT),
        (b']', END_OF_LIST),
    ];
    let mut classes = [NOTHING; 256];
    let mut nth = 0;
    while nth < all.len() {
        let (byte, class) = all[nth];
        classes[byte as usize] = class;
        nth += 1;
    }
    classes
};

pub(super) fn class_of(byte: u8) -> Class {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(NOTHING)
}
