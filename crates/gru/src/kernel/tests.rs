//! Every vector kernel against the plain one: odd sizes, misaligned slices, guards all round.

use proptest::prelude::*;

use super::operation::Operation;
use super::{Adam, ColumnSums, Forward, Gradient, Isa, Product, Sizes, run};
use crate::InstructionSet;
use crate::layout::Layout;
use crate::{GruSpec, weights::tensors};

mod support;

use support::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn layers_agree_with_the_plain_path(
        steps in 1_usize..6,
        rows in 1_usize..=33,
        features in 1_usize..=8,
        units in 1_usize..=40,
        shift in 0_usize..16,
        key in any::<u16>(),
    ) {
        let sizes = (steps, rows, features, units);
        let expected = layer(plain(), sizes, shift, u32::from(key));
        for isa in vector_isas() {
            let found = layer(isa, sizes, shift, u32::from(key));
            let path = isa.path();
            assert_close("states", path, &found.states, &expected.states);
            assert_close("gates", path, &found.gates, &expected.gates);
            assert_close("gradients", path, &found.gradients, &expected.gradients);
            assert_close("carry", path, &found.first, &expected.first);
            assert_close("totals", path, &found.totals, &expected.totals);
        }
    }

    #[test]
    fn products_agree_with_plain_loops(
        rows in 1_usize..=33,
        blocks in 1_usize..4,
        depth in 1_usize..40,
        panels in 1_usize..5,
        shift in 0_usize..16,
        key in any::<u16>(),
        with_bias in any::<bool>(),
    ) {
        for isa in vector_isas() {
            let key = u32::from(key);
            let lanes = if isa.path() == InstructionSet::Avx512 { 16 } else { 8 };
            let columns = panels * lanes;
            let (left_row, left_block) = (depth + 3, rows * (depth + 3));
            let mut left = Guarded::new(&numbers(blocks * left_block, key), shift);
            let mut right = Guarded::new(&numbers(blocks * depth * columns, key + 1), shift);
            let mut bias = Guarded::new(&numbers(columns, key + 2), shift);
            let mut out = Guarded::new(&vec![f32::NAN; rows * columns], shift + 1);
            let mut expected = vec![0.0; rows * columns];
            for row in 0..rows {
                for column in 0..columns {
                    let (panel, lane) = (column / lanes, column % lanes);
                    let mut sum =
                        if with_bias { f64::from(bias.get()[column]) } else { 0.0 };
                    for k in 0..blocks * depth {
                        let (block, inner) = (k / depth, k % depth);
                        let l = left.get()[block * left_block + row * left_row + inner];
                        let r = right.get()[(panel * blocks * depth + k) * lanes + lane];
                        sum += f64::from(l) * f64::from(r);
                    }
                    expected[row * columns + column] = sum as f32;
                }
            }
            let bias_values = bias.get();
            let product = Product {
                rows, columns, lanes, left: left.get(), left_block, left_row, blocks, depth,
                right: right.get(), bias: with_bias.then_some(&*bias_values), out: out.get(),
            };
            run(isa, product);
            assert_close("product", isa.path(), out.get(), &expected);
            [&left, &right, &out].into_iter().for_each(Guarded::assert_guards);
        }
    }

    #[test]
    fn gradients_and_sums_agree_with_plain_loops(
        // Less than a chunk, and up to three.
        rows in prop_oneof![3 => 0_usize..100, 1 => 190_usize..500],
        inputs in 1_usize..=40,
        panels in 1_usize..4,
        gates in prop_oneof![Just(1_usize), Just(3)],
        shift in 0_usize..16,
        key in any::<u16>(),
        add in any::<bool>(),
    ) {
        for isa in vector_isas() {
            let key = u32::from(key);
            let lanes = if isa.path() == InstructionSet::Avx512 { 16 } else { 8 };
            let width = gates * lanes;
            let (right_row, right_panel) = (4 * lanes, rows * 4 * lanes);
            let mut left = Guarded::new(&numbers(rows * inputs, key), shift);
            let mut right = Guarded::new(&numbers(panels * right_panel, key + 1), shift);
            let there = |count, key| if add { numbers(count, key) } else { vec![f32::NAN; count] };
            let (matrix, row) = (there(panels * inputs * width, key + 2), there(panels * width, key + 3));
            let wide = |there: &[f32]| -> Vec<f64> {
                there.iter().map(|&x| if add { f64::from(x) } else { 0.0 }).collect()
            };
            let (mut expected, mut expected_sums) = (wide(&matrix), wide(&row));
            let mut out = Guarded::new(&matrix, shift + 1);
            let mut sums = Guarded::new(&row, shift + 2);
            for panel in 0..panels {
                for row in 0..rows {
                    for j in 0..width {
                        let r = right.get()[panel * right_panel + row * right_row + j];
                        expected_sums[panel * width + j] += f64::from(r);
                        for input in 0..inputs {
                            expected[(panel * inputs + input) * width + j] +=
                                f64::from(left.get()[row * inputs + input]) * f64::from(r);
                        }
                    }
                }
            }
            let narrow = |wide: &[f64]| wide.iter().map(|x| *x as f32).collect::<Vec<_>>();
            let gradient = Gradient {
                rows, inputs, panels, width, left: left.get(), right: right.get(), right_panel,
                right_row, out: out.get(), add,
            };
            run(isa, gradient);
            assert_close("gradient", isa.path(), out.get(), &narrow(&expected));
            if rows > 0 {
                let column_sums = ColumnSums {
                    rows, panels, width, values: right.get(), panel_stride: right_panel,
                    row_stride: right_row, out: sums.get(), add,
                };
                run(isa, column_sums);
                assert_close("sums", isa.path(), sums.get(), &narrow(&expected_sums));
            }
            [&left, &right, &out, &sums].into_iter().for_each(Guarded::assert_guards);
        }
    }

    #[test]
    fn adam_agrees_with_the_plain_path(
        length in 0_usize..100,
        shift in 0_usize..16,
        step in 1_i32..2000,
        key in any::<u16>(),
    ) {
        let key = u32::from(key);
        let update = |isa: Isa| {
            let mut gradient = Guarded::new(&numbers(length, key), shift);
            let mut keep = Guarded::new(&numbers(length, key + 4), shift + 1);
            let mut mean = Guarded::new(&numbers(length, key + 1), shift);
            let squares: Vec<f32> = numbers(length, key + 2).iter().map(|x| x * x).collect();
            let mut square = Guarded::new(&squares, shift + 1);
            let mut weights = Guarded::new(&numbers(length, key + 3), shift + 2);
            let (rate, spread) = Adam::corrections(1e-3, step);
            let adam = Adam {
                rate, spread, gradient: gradient.get(), keep: keep.get(), mean: mean.get(),
                square: square.get(), weights: weights.get(),
            };
            run(isa, adam);
            [&gradient, &keep, &mean, &square, &weights].into_iter().for_each(Guarded::assert_guards);
            [mean.get().to_vec(), square.get().to_vec(), weights.get().to_vec()].concat()
        };
        let expected = update(plain());
        for isa in vector_isas() {
            assert_close("adam", isa.path(), &update(isa), &expected);
        }
    }
}

#[test]
fn vector_activations_equal_the_plain_ones_and_keep_nan() {
    // One unit, weights zero but for the candidate's: the state is (1 − σ(0)) · tanh(x).
    let spec = GruSpec {
        features: 1,
        steps: 1,
        units: vec![1],
        dense: 1,
        dropout: 0.0,
    };
    let mut weights = vec![0.0; spec.parameters()];
    weights[tensors(&spec)[0].start + 2] = 1.0;
    for isa in vector_isas() {
        let layout = Layout::new(&spec, isa.path());
        let at = &layout.layers[0];
        let packed = layout.packed(&weights);
        let x = [
            -1e30,
            -20.0,
            -9.0,
            -1.0,
            -1e-6,
            0.0,
            0.3,
            4.0,
            9.5,
            1e30,
            f32::NAN,
        ];
        let sizes = Sizes {
            steps: 1,
            rows: x.len(),
            inputs: 1,
            units: at.units,
            lanes: at.lanes,
        };
        let mut gates = vec![0.0; x.len() * 4 * at.units];
        let mut states = vec![0.0; x.len() * at.units];
        let forward = Forward {
            sizes,
            x: &x,
            kernel: &packed[at.kernel.clone()],
            recurrent: &packed[at.recurrent.clone()],
            bias_input: &packed[at.bias_input.clone()],
            bias_recurrent: &packed[at.bias_recurrent.clone()],
            gates: &mut gates,
            states: &mut states,
        };
        run(isa, forward);
        for (x, state) in x.iter().zip(states.chunks(at.units)) {
            assert_eq!(x.is_nan(), state[0].is_nan(), "{x} on {}", isa.path());
            assert!(
                x.is_nan() || (state[0] - 0.5 * x.tanh()).abs() < 4e-7,
                "{x}: {}",
                state[0]
            );
        }
    }
}

#[test]
#[should_panic(expected = "assertion")]
fn a_slice_too_short_is_refused_before_any_arithmetic() {
    let mut out = [0.0; 15];
    let sums = ColumnSums {
        rows: 1,
        panels: 1,
        width: 16,
        values: &[0.0; 16],
        panel_stride: 16,
        row_stride: 16,
        out: &mut out,
        add: false,
    };
    sums.check(None);
}
