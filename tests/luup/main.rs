//! The Luup engine on its good and its bad days.

#![cfg(feature = "luup")]

mod bounds;
mod cost;
mod damaged;
mod editions;
mod elsewhere;
mod fetch;
mod fuzzed;
mod lab;
mod openluup;
mod owner;
mod relay;
mod rows;
mod samples;
mod wire;

use cwmpd_lab::CountingAllocator;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;
