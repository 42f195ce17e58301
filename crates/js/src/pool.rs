//! The order in which the members of a pool are tried.
#![allow(unreachable_pub, reason = "wasm-bindgen takes public functions only")]

use alloc::vec::Vec;

use tollgate_core::{Choice, Member, Pool};
use tollgate_js_border::convert::{error, units};
use wasm_bindgen::prelude::*;

/// One after the other; `turn` is the number chosen before.
#[wasm_bindgen]
pub fn order_round_robin(members: usize, turn: f64, offset: f64) -> Result<Vec<u32>, JsValue> {
    order(members, Choice::RoundRobin { turn: units(turn), offset: units(offset) })
}

/// Every order is equally likely.
#[wasm_bindgen]
pub fn order_random(members: usize, number: u64) -> Result<Vec<u32>, JsValue> {
    order(members, Choice::Random(number))
}

/// The one with the most units left, then the next.
#[wasm_bindgen]
pub fn order_most_room(room: &[f64]) -> Result<Vec<u32>, JsValue> {
    let left: Vec<u64> = room.iter().copied().map(units).collect();
    order(left.len(), Choice::MostRoom(&left))
}

/// Members are positions here; only JavaScript knows what they stand for.
fn order(members: usize, choice: Choice<'_>) -> Result<Vec<u32>, JsValue> {
    let pool = Pool::new((0..members).map(|_| Member::default())).map_err(error)?;
    Ok(pool.order(choice).map(|member| member as u32).collect())
}
