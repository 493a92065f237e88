//! Statements that issuers sign.
