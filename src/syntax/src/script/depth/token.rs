//! Tokens of code, as far as depth depends on them.

use super::{Kind, Scan};

/// What stands before a token.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Before {
    /// Nothing, an opening bracket or a semicolon.
    Start,
    /// What wants something after it.
    Operator,
    /// A word that may be an operator: nothing is divided after a real one, but after a name.
    Word,
    /// `=>`.
    Arrow,
    Colon,
    Dot,
    /// `else` or `do`.
    Else,
    /// The end of `if (…)` and its like.
    Header,
    /// The end of a block.
    Block,
    /// The end of an expression.
    Operand,
}

impl Scan<'_> {
    pub(super) fn code(&mut self, byte: u8) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
            b'/' => self.slash(),
            b'"' | b'\'' => {
                self.operand();
                self.string(byte);
            }
            b'`' => {
                self.join();
                self.at += 1;
                self.open(Kind::Template);
            }
            b'(' => {
                let kind = if std::mem::take(&mut self.header) {
                    Kind::Header
                } else {
                    Kind::Round
                };
                self.at += 1;
                self.open(kind);
            }
            b'[' => {
                self.at += 1;
                self.open(Kind::Square);
            }
            b'{' => self.brace(),
            b')' | b']' | b'}' => self.closer(byte),
            b',' => {
                self.at += 1;
                self.part();
                self.before = Before::Operator;
            }
            b';' => {
                self.at += 1;
                self.leave_angles();
                self.part();
                self.before = Before::Start;
            }
            b'<' => self.less(),
            b'>' if self.kind() == Kind::Angle => {
                self.at += 1;
                self.close();
                self.before = Before::Operand;
            }
            b'0'..=b'9' => {
                self.operand();
                self.at += 1;
                while self
                    .byte(0)
                    .is_some_and(|next| is_word(next) || next == b'.')
                {
                    self.at += 1;
                }
            }
            _ if is_word(byte) => self.word(),
            _ => self.sign(byte),
        }
    }

    /// An expression stands here. After another one it begins anew.
    fn operand(&mut self) {
        match self.before {
            Before::Operand => {
                self.leave_angles();
                self.part();
            }
            Before::Block => {
                self.part();
                self.settle();
            }
            Before::Start => self.settle(),
            Before::Header | Before::Else => self.part(),
            _ => {}
        }
        self.before = Before::Operand;
    }

    fn word(&mut self) {
        let start = self.at;
        while self.byte(0).is_some_and(is_word) {
            self.at += 1;
        }
        let word = self.bytes.get(start..self.at).unwrap_or_default();
        if self.before == Before::Dot {
            self.before = Before::Operand;
            return;
        }
        match word {
            b"if" | b"for" | b"while" | b"with" => {
                self.start_statement();
                self.header = true;
                self.before = Before::Operator;
            }
            b"do" => {
                self.start_statement();
                self.before = Before::Else;
            }
            b"else" => {
                self.part();
                self.before = Before::Else;
            }
            b"case" | b"default" => {
                self.part();
                self.settle();
                self.before = Before::Operator;
            }
            b"break" | b"const" | b"continue" | b"debugger" | b"return" | b"switch" | b"throw"
            | b"var" => {
                self.part();
                self.before = Before::Operator;
            }
            b"class" | b"enum" | b"export" | b"function" | b"import" | b"interface" | b"let"
            | b"try" => {
                self.operand();
                self.join();
                self.before = Before::Operator;
            }
            b"type" => self.alias(),
            b"await" | b"delete" | b"extends" | b"in" | b"instanceof" | b"new" | b"typeof"
            | b"void" | b"yield" => {
                self.join();
                self.before = Before::Operator;
            }
            b"abstract" | b"as" | b"asserts" | b"async" | b"implements" | b"infer" | b"is"
            | b"keyof" | b"of" | b"readonly" | b"satisfies" | b"unique" => {
                self.join();
                self.before = Before::Word;
            }
            _ => self.operand(),
        }
    }

    /// `type A = …`: its `|` and `&` make lists.
    fn alias(&mut self) {
        self.operand();
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let space = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        let named = rest.get(space).copied().is_some_and(is_word);
        if self.typed && space > 0 && named {
            self.before = Before::Word;
            self.alias = Some(self.levels.len());
        }
    }

    fn start_statement(&mut self) {
        let body = matches!(self.before, Before::Header | Before::Else | Before::Colon);
        self.part();
        self.statement(body);
    }

    fn brace(&mut self) {
        let block = match self.before {
            Before::Start | Before::Block => {
                self.settle();
                true
            }
            Before::Operand | Before::Header | Before::Else | Before::Arrow => true,
            _ => false,
        };
        self.at += 1;
        self.open(if block { Kind::Block } else { Kind::Object });
    }

    /// A closing bracket. One that closes nothing is an error, at which a parser stops.
    fn closer(&mut self, byte: u8) {
        self.at += 1;
        self.leave_angles();
        let kind = self.kind();
        let fits = match byte {
            b')' => matches!(kind, Kind::Round | Kind::Header),
            b']' => kind == Kind::Square,
            _ => matches!(
                kind,
                Kind::Block | Kind::Object | Kind::Placeholder | Kind::Container
            ),
        };
        if fits {
            self.close();
        }
        self.before = match kind {
            Kind::Header => Before::Header,
            Kind::Block => Before::Block,
            _ => Before::Operand,
        };
    }

    fn less(&mut self) {
        let next = self.byte(1);
        let value = matches!(self.before, Before::Operand);
        let begins = next.is_some_and(|next| is_word(next) || next == b'>');
        if !value && self.elements && begins {
            self.element();
        } else if self.typed && next.is_some_and(|next| !matches!(next, b'=' | b'<')) {
            self.at += 1;
            self.open(Kind::Angle);
        } else {
            self.sign(b'<');
        }
    }

    fn sign(&mut self, byte: u8) {
        let next = self.byte(1);
        let value = self.before == Before::Operand;
        let list = matches!(byte, b'|' | b'&')
            && next != Some(byte)
            && self.alias == Some(self.levels.len());
        if !list {
            self.join();
        }
        self.at += 1;
        match byte {
            b'=' if next == Some(b'>') => {
                self.at += 1;
                self.before = Before::Arrow;
                return;
            }
            b'!' | b'~' => {
                if !(value && next != Some(b'=')) {
                    self.before = Before::Operator;
                }
                return;
            }
            b'+' | b'-' if next == Some(byte) => {
                self.at += 1;
                if !value {
                    self.before = Before::Operator;
                }
                return;
            }
            b':' => {
                self.before = Before::Colon;
                return;
            }
            b'.' if next != Some(b'.') => {
                self.before = Before::Dot;
                return;
            }
            b'?' if next == Some(b'.') => {
                self.at += 1;
                self.before = Before::Dot;
                return;
            }
            _ => {}
        }
        let mut length = 1;
        while self
            .byte(0)
            .is_some_and(|next| next == byte || next == b'=')
            && !matches!(byte, b'+' | b'-' | b'@')
        {
            self.at += 1;
            length += 1;
        }
        if matches!(byte, b'*' | b'%') || (length > 1 && matches!(byte, b'&' | b'|' | b'=' | b'?'))
        {
            self.leave_angles();
        }
        self.before = Before::Operator;
    }

    fn slash(&mut self) {
        match self.byte(1) {
            Some(b'/') => self.line(),
            Some(b'*') => self.comment(),
            _ if matches!(self.before, Before::Operand | Before::Word | Before::Dot) => {
                self.sign(b'/')
            }
            _ => self.pattern(),
        }
    }

    pub(super) fn line(&mut self) {
        while let Some(byte) = self.byte(0).filter(|byte| *byte != b'\n') {
            self.hide(byte);
            self.at += 1;
        }
    }

    pub(super) fn comment(&mut self) {
        self.at += 2;
        while let Some(byte) = self.byte(0) {
            if byte == b'*' && self.byte(1) == Some(b'/') {
                self.at += 2;
                return;
            }
            self.hide(byte);
            self.at += 1;
        }
    }

    fn string(&mut self, quote: u8) {
        self.at += 1;
        while let Some(byte) = self.byte(0) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'\n' => return,
                _ if byte == quote => return,
                _ => self.hide(byte),
            }
        }
    }

    /// A regular expression, which ends on its line.
    fn pattern(&mut self) {
        self.operand();
        self.at += 1;
        let mut class = false;
        while let Some(byte) = self.byte(0) {
            self.at += 1;
            match byte {
                b'\\' => self.at += 1,
                b'\n' => return,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => return,
                _ => {}
            }
            self.hide(byte);
        }
    }

    pub(super) fn template(&mut self, byte: u8) {
        self.at += 1;
        match byte {
            b'\\' => self.at += 1,
            b'`' => {
                self.close();
                self.before = Before::Operand;
            }
            b'$' if self.byte(0) == Some(b'{') => {
                self.at += 1;
                self.open(Kind::Placeholder);
            }
            _ => self.hide(byte),
        }
    }
}

/// Whether a byte may be part of a name. Those beyond ASCII may.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'#' | b'\\') || byte >= 0x80
}
