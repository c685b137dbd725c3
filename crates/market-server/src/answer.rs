//! Requests and their answers, before either is bytes on a connection.

use std::collections::HashMap;

use hyper::StatusCode;
use serde_json::Value;

/// A request's parameters; of one given twice the last counts.
pub(crate) type Parameters = HashMap<String, String>;

/// An answer: status and JSON body.
pub(crate) type Answer = (StatusCode, Value);
