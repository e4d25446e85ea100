//! The program `tinybake`; what it does is in [`tinybake_codegen::cli`].

fn main() -> std::process::ExitCode {
    tinybake_codegen::cli::main()
}
