//! This module turns what the engine cannot run as a script into a plain script: `export`, and TypeScript's types.
//! Invariant: types become blanks and exports become assignments of the same length, so every other character stays in
//! place and places need no translation. Node strips types in the same way, and has the same limits.
//!
//! Source: DOC:docs/javascript (default exports and TypeScript are allowed in functions).

use std::fmt::Write as _;
use std::ops::Range;

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Class, Declaration, ExportAllDeclaration, ExportDefaultDeclaration, ExportDefaultDeclarationKind,
    ExportNamedDeclaration, FormalParameter, FunctionType, ImportDeclaration, ImportDeclarationSpecifier,
    ImportOrExportKind, MethodDefinition, MethodDefinitionType, PropertyDefinition, PropertyDefinitionType, Statement,
    TSAsExpression, TSEnumDeclaration, TSExportAssignment, TSImportEqualsDeclaration, TSIndexSignature,
    TSInstantiationExpression, TSModuleDeclaration, TSNonNullExpression, TSSatisfiesExpression, TSThisParameter,
    TSTypeAnnotation, TSTypeAssertion, TSTypeParameterDeclaration, TSTypeParameterInstantiation, VariableDeclarator,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_span::{GetSpan as _, SourceType, Span};

use crate::sandbox::{SandboxError, SourcePlace};

const MODIFIERS: [&str; 7] = ["public", "private", "protected", "readonly", "override", "abstract", "declare"];
const MOST_ANGLES: usize = 1_000;
/// The text is as long as `default`; the wrapping defines the name.
const DEFAULT: &str = "ex$.d =";
pub(super) const NO_IMPORT: &str = "`import` is not available in the sandbox; a snippet is one file and has no modules";

/// Returns the snippet as a plain script, or nothing when it is one already or is neither a module nor TypeScript. It
/// fails when the snippet uses something that cannot be run here.
pub(super) fn plain(source: &str) -> Result<Option<String>, SandboxError> {
    // The parser recurses for each list of types in a list of types; the guard has checked other nesting.
    if source.matches('<').count() > MOST_ANGLES {
        return Ok(None);
    }
    let allocator = Allocator::default();
    // The source is first read as JavaScript, because a comparison may look like a list of types.
    let Some(program) = [SourceType::mjs(), SourceType::ts()].into_iter().find_map(|kind| {
        let parsed = Parser::new(&allocator, source, kind).parse();
        (!parsed.panicked && parsed.diagnostics.is_empty()).then_some(parsed.program)
    }) else {
        return Ok(None);
    };
    let mut edits = Edits { source, list: Vec::new(), exports: String::new(), refused: None };
    edits.visit_program(&program);
    if let Some((why, at)) = edits.refused {
        return Err(SandboxError { at: place_of(source, at), ..SandboxError::thrown(why) });
    }
    if edits.list.is_empty() {
        return Ok(None);
    }
    Ok(Some(edited(source, edits.list) + &edits.exports))
}

/// Returns the text with each range replaced by its substitute and blanks; line breaks stay.
fn edited(source: &str, mut edits: Vec<(Range<usize>, &'static str)>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut text = String::with_capacity(source.len());
    let (mut edits, mut end, mut stands) = (edits.into_iter().peekable(), 0, "".chars());
    for (at, char) in source.char_indices() {
        while let Some((range, instead)) = edits.next_if(|(range, _)| range.start <= at) {
            if range.end > end {
                end = range.end;
                stands = instead.chars();
            }
        }
        let kept = at >= end || char == '\n' || char == '\r';
        text.push(if kept { char } else { stands.next().unwrap_or(' ') });
    }
    text
}

fn place_of(source: &str, offset: usize) -> Option<SourcePlace> {
    let before = source.get(..offset)?;
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next()?.chars().count() + 1;
    Some(SourcePlace { line: u32::try_from(line).ok()?, column: u32::try_from(column).ok()? })
}

struct Edits<'s> {
    source: &'s str,
    list: Vec<(Range<usize>, &'static str)>,
    /// This text is added at the end of the snippet, and exports its names.
    exports: String,
    /// The first construct that cannot be run, and its offset in bytes.
    refused: Option<(String, usize)>,
}

impl Edits<'_> {
    fn replace(&mut self, start: u32, end: u32, instead: &'static str) {
        self.list.push((start as usize..end as usize, instead));
    }

    fn hide(&mut self, start: u32, end: u32) {
        self.replace(start, end, "");
    }

    /// Replaces a statement by `;`, so that what stands around it stays apart.
    fn hide_statement(&mut self, span: Span) {
        self.replace(span.start, span.end, ";");
    }

    fn export(&mut self, name: &str, local: &str) {
        let _ = write!(self.exports, "\n;module.exports[{}] = {local};", serde_json::Value::from(name));
    }

    fn text(&self, from: u32) -> &str {
        self.source.get(from as usize..).unwrap_or_default()
    }

    /// Removes the `?` or `!` that follows a name.
    fn hide_mark(&mut self, mark: char, after: u32) {
        if let Some(at) = self.text(after).find(mark) {
            let at = after as usize + at;
            self.list.push((at..at + 1, ""));
        }
    }

    /// Removes the words before a member's name that only TypeScript has.
    fn hide_modifiers(&mut self, start: u32, name: u32) {
        let (start, end) = (start as usize, name as usize);
        let mut at = start;
        for word in self.source.get(start..end).unwrap_or_default().split_inclusive(|c: char| !c.is_alphanumeric()) {
            let name = word.trim_end_matches(|c: char| !c.is_alphanumeric());
            if MODIFIERS.contains(&name) {
                self.list.push((at..at + name.len(), ""));
            }
            at += word.len();
        }
    }

    fn refuse(&mut self, why: impl Into<String>, span: Span) {
        self.refused.get_or_insert_with(|| (why.into(), span.start as usize));
    }

    fn refuse_types(&mut self, what: &str, span: Span) {
        self.refuse(format!("{what} is not run: of TypeScript, only what can be left out is allowed"), span);
    }
}

impl<'a> Visit<'a> for Edits<'_> {
    fn visit_statement(&mut self, it: &Statement<'a>) {
        if it.as_declaration().is_some_and(says_nothing) {
            self.hide_statement(it.span());
        } else {
            walk::walk_statement(self, it);
        }
    }

    fn visit_import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        let types_only = |one: &ImportDeclarationSpecifier<'_>| match one {
            ImportDeclarationSpecifier::ImportSpecifier(one) => one.import_kind == ImportOrExportKind::Type,
            _ => false,
        };
        let listed = it.specifiers.as_ref().filter(|list| !list.is_empty());
        if it.import_kind == ImportOrExportKind::Type || listed.is_some_and(|list| list.iter().all(types_only)) {
            self.hide_statement(it.span);
        } else {
            self.refuse(NO_IMPORT, it.span);
        }
    }

    fn visit_export_all_declaration(&mut self, it: &ExportAllDeclaration<'a>) {
        self.refuse(NO_IMPORT, it.span);
    }

    fn visit_export_default_declaration(&mut self, it: &ExportDefaultDeclaration<'a>) {
        use ExportDefaultDeclarationKind as Kind;
        let name = match &it.declaration {
            Kind::TSInterfaceDeclaration(_) => return self.hide_statement(it.span),
            Kind::FunctionDeclaration(it) => it.id.as_ref(),
            Kind::ClassDeclaration(it) => it.id.as_ref(),
            _ => None,
        };
        let start = it.declaration.span().start;
        match name {
            Some(name) => {
                self.replace(it.span.start, start, ";");
                self.export("default", &name.name);
            }
            None => {
                let word = self.text(it.span.start).find("default").and_then(|at| u32::try_from(at).ok());
                let word = it.span.start + word.unwrap_or(0);
                self.replace(it.span.start, word, ";");
                self.replace(word, start, DEFAULT);
            }
        }
        walk::walk_export_default_declaration(self, it);
    }

    fn visit_export_named_declaration(&mut self, it: &ExportNamedDeclaration<'a>) {
        if it.source.is_some() && it.export_kind != ImportOrExportKind::Type {
            return self.refuse(NO_IMPORT, it.span);
        }
        let Some(declaration) = &it.declaration else {
            self.hide_statement(it.span);
            if it.export_kind == ImportOrExportKind::Type {
                return;
            }
            for one in it.specifiers.iter().filter(|one| one.export_kind != ImportOrExportKind::Type) {
                self.export(&one.exported.name(), &one.local.name());
            }
            return;
        };
        if it.export_kind == ImportOrExportKind::Type || says_nothing(declaration) {
            return self.hide_statement(it.span);
        }
        self.replace(it.span.start, declaration.span().start, ";");
        match declaration {
            Declaration::VariableDeclaration(list) => {
                for name in list.declarations.iter().flat_map(|one| one.id.get_binding_identifiers()) {
                    self.export(&name.name, &name.name);
                }
            }
            declaration => {
                if let Some(name) = declaration.id() {
                    self.export(&name.name, &name.name);
                }
            }
        }
        walk::walk_export_named_declaration(self, it);
    }

    fn visit_class(&mut self, it: &Class<'a>) {
        if it.r#abstract {
            let end = it.id.as_ref().map_or(it.body.span.start, |id| id.span.start);
            self.hide_modifiers(it.span.start, end);
        }
        if let (Some(first), Some(last)) = (it.implements.first(), it.implements.last()) {
            let before = self.source.get(..first.span.start as usize).unwrap_or_default();
            let start = before.rfind("implements").and_then(|at| u32::try_from(at).ok()).unwrap_or(first.span.start);
            self.hide(start, last.span.end);
        }
        walk::walk_class(self, it);
    }

    fn visit_property_definition(&mut self, it: &PropertyDefinition<'a>) {
        if it.declare || it.r#type == PropertyDefinitionType::TSAbstractPropertyDefinition {
            return self.hide_statement(it.span);
        }
        self.hide_modifiers(it.span.start, it.key.span().start);
        if it.optional {
            self.hide_mark('?', it.key.span().end);
        }
        if it.definite {
            self.hide_mark('!', it.key.span().end);
        }
        walk::walk_property_definition(self, it);
    }

    fn visit_method_definition(&mut self, it: &MethodDefinition<'a>) {
        if it.r#type == MethodDefinitionType::TSAbstractMethodDefinition || it.value.body.is_none() {
            return self.hide_statement(it.span);
        }
        self.hide_modifiers(it.span.start, it.key.span().start);
        if it.optional {
            self.hide_mark('?', it.key.span().end);
        }
        walk::walk_method_definition(self, it);
    }

    fn visit_ts_index_signature(&mut self, it: &TSIndexSignature<'a>) {
        self.hide_statement(it.span);
    }

    fn visit_formal_parameter(&mut self, it: &FormalParameter<'a>) {
        if it.accessibility.is_some() || it.readonly || it.r#override {
            self.refuse_types("a parameter that declares a property", it.span);
        }
        if it.optional {
            self.hide_mark('?', it.pattern.span().end);
        }
        walk::walk_formal_parameter(self, it);
    }

    fn visit_ts_this_parameter(&mut self, it: &TSThisParameter<'a>) {
        let rest = self.text(it.span.end);
        let comma = rest.trim_start().starts_with(',').then(|| rest.find(',')).flatten();
        let more = comma.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(0);
        self.hide(it.span.start, it.span.end + more);
    }

    fn visit_variable_declarator(&mut self, it: &VariableDeclarator<'a>) {
        if it.definite {
            self.hide_mark('!', it.id.span().end);
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_ts_type_annotation(&mut self, it: &TSTypeAnnotation<'a>) {
        self.hide(it.span.start, it.span.end);
    }

    fn visit_ts_type_parameter_declaration(&mut self, it: &TSTypeParameterDeclaration<'a>) {
        self.hide(it.span.start, it.span.end);
    }

    fn visit_ts_type_parameter_instantiation(&mut self, it: &TSTypeParameterInstantiation<'a>) {
        self.hide(it.span.start, it.span.end);
    }

    fn visit_ts_as_expression(&mut self, it: &TSAsExpression<'a>) {
        self.hide(it.expression.span().end, it.span.end);
        self.visit_expression(&it.expression);
    }

    fn visit_ts_satisfies_expression(&mut self, it: &TSSatisfiesExpression<'a>) {
        self.hide(it.expression.span().end, it.span.end);
        self.visit_expression(&it.expression);
    }

    fn visit_ts_type_assertion(&mut self, it: &TSTypeAssertion<'a>) {
        self.hide(it.span.start, it.expression.span().start);
        self.visit_expression(&it.expression);
    }

    fn visit_ts_non_null_expression(&mut self, it: &TSNonNullExpression<'a>) {
        self.hide(it.span.end - 1, it.span.end);
        self.visit_expression(&it.expression);
    }

    fn visit_ts_instantiation_expression(&mut self, it: &TSInstantiationExpression<'a>) {
        self.hide(it.expression.span().end, it.span.end);
        self.visit_expression(&it.expression);
    }

    fn visit_ts_enum_declaration(&mut self, it: &TSEnumDeclaration<'a>) {
        self.refuse_types("an `enum`", it.span);
    }

    fn visit_ts_module_declaration(&mut self, it: &TSModuleDeclaration<'a>) {
        self.refuse_types("a `namespace`", it.span);
    }

    fn visit_ts_import_equals_declaration(&mut self, it: &TSImportEqualsDeclaration<'a>) {
        self.refuse_types("`import … =`", it.span);
    }

    fn visit_ts_export_assignment(&mut self, it: &TSExportAssignment<'a>) {
        self.refuse_types("`export =`", it.span);
    }
}

/// Returns whether a declaration serves the type checker alone.
fn says_nothing(it: &Declaration<'_>) -> bool {
    match it {
        Declaration::TSTypeAliasDeclaration(_)
        | Declaration::TSInterfaceDeclaration(_)
        | Declaration::TSGlobalDeclaration(_) => true,
        Declaration::FunctionDeclaration(it) => it.declare || it.r#type == FunctionType::TSDeclareFunction,
        Declaration::VariableDeclaration(it) => it.declare,
        Declaration::ClassDeclaration(it) => it.declare,
        Declaration::TSEnumDeclaration(it) => it.declare,
        Declaration::TSModuleDeclaration(it) => it.declare,
        Declaration::TSImportEqualsDeclaration(_) => false,
    }
}
