//! What holds for the whole tree and no compiler checks. Each rule is first tried on a text that
//! breaks it.

mod clauses;
mod defects;
mod floors;
mod layout;
mod manual;
mod maps;
mod mutants;
mod named;
mod rust_text;
mod security;
mod small_processors;
mod small_program;
mod tree;
mod words;
