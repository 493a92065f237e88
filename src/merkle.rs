//! RFC 6962 trees and strict RFC 9162 proofs.
