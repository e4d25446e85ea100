//! The program `tinybake-train`.

fn main() -> std::process::ExitCode {
    tinybake_train::cli::main()
}
