"""Run untrusted code: limits in, result out."""
