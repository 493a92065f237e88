//! A published log read over http(s).
