//! What is minimised and how, as the Python of `tests/interop/torch_steps.py` reads it.
use baeum::{Adam, Loss, Method};
use serde_json::{Value, json};

/// The numbers of a loss, under PyTorch's names.
pub fn said_loss(loss: &Loss) -> Value {
    match loss {
        Loss::CrossEntropy { weights, smoothing, gamma } => {
            json!({ "weights": weights, "smoothing": smoothing, "gamma": gamma })
        }
        Loss::Huber { delta } => json!({ "delta": delta }),
        Loss::Quantile { levels } => json!({ "levels": levels }),
        Loss::BinaryCrossEntropy { weights } if weights.is_empty() => json!({}),
        Loss::BinaryCrossEntropy { weights } => json!({ "pos_weight": weights }),
        Loss::Mse | Loss::Mae | Loss::Heads(_) => json!({}),
    }
}

/// PyTorch's name for a method, and its numbers under PyTorch's names.
pub fn said_method(method: Method) -> Value {
    let adam = |Adam { beta1, beta2, eps }| json!({ "betas": [beta1, beta2], "eps": eps });
    match method {
        Method::Sgd { momentum, nesterov } => {
            json!({ "name": "SGD", "numbers": { "momentum": momentum, "nesterov": nesterov } })
        }
        Method::Adam(numbers) => json!({ "name": "Adam", "numbers": adam(numbers) }),
        Method::AdamW(numbers) => json!({ "name": "AdamW", "numbers": adam(numbers) }),
        Method::RmsProp { alpha, eps, momentum, centered } => {
            let numbers = json!({ "alpha": alpha, "eps": eps, "momentum": momentum, "centered": centered });
            json!({ "name": "RMSprop", "numbers": numbers })
        }
        Method::Lion { beta1, beta2 } => json!({ "name": "Lion", "numbers": { "betas": [beta1, beta2] } }),
        Method::Muon { momentum, nesterov, others } => {
            let numbers = json!({ "momentum": momentum, "nesterov": nesterov });
            json!({ "name": "Muon", "numbers": numbers, "others": adam(others) })
        }
    }
}
