use super::*;
use crate::llm::message::ImageFormat;

const CLAUDE: &str = "claude-a";
const GPT: &str = "gpt-a";

const fn asked(model: &str) -> Asked<'_> {
    let max_tokens = 8_000;
    Asked { model, max_tokens }
}

fn text(text: &str) -> UserBlock {
    UserBlock::Text {
        text: text.to_owned(),
    }
}

fn image(content: &[u8]) -> UserBlock {
    UserBlock::Image(Image {
        hash: Digest::of(content),
        format: ImageFormat::Png,
    })
}

fn said(text: &str) -> Block {
    Block::Text {
        text: text.to_owned(),
    }
}

fn call(id: &str, name: &str, input: Value) -> Block {
    Block::ToolCall(ToolCall {
        id: id.to_owned(),
        name: name.to_owned(),
        input,
        unreadable: None,
    })
}

fn result(call: &str, ok: bool, content: &str) -> UserBlock {
    UserBlock::ToolResult(ToolResult {
        call: call.to_owned(),
        ok,
        content: content.to_owned(),
    })
}

fn own(model: &str, value: Value) -> Block {
    let model = model.to_owned();
    Block::Own { model, value }
}

/// Two steps of a turn, with blocks of two providers, a call that was cut off, and a word of the user's meanwhile.
fn request() -> Request {
    let cut = Block::ToolCall(ToolCall {
        id: "functions.write_file:1".to_owned(),
        name: "write_file".to_owned(),
        input: json!({}),
        unreadable: Some("{\"path\":\"src/b.ts\",\"content\":\"expo".to_owned()),
    });
    let thinking = json!({ "type": "thinking", "thinking": "Where is it?", "signature": "EqQB" });
    let reasoning =
        json!({ "type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA" });
    Request {
        system: "You build apps.".to_owned(),
        messages: vec![
            Message::User(vec![
                image(b"shown"),
                image(b"not shown"),
                text("A recipe box"),
            ]),
            Message::Assistant(vec![said("It is there.")]),
            Message::User(vec![text("Add a rating")]),
            Message::Assistant(vec![
                own(CLAUDE, thinking),
                own(GPT, reasoning),
                said("I look at it."),
                said(" "),
                call("call_1", "view_file", json!({ "path": "src/a.ts" })),
                cut,
            ]),
            Message::User(vec![
                text("And a search"),
                result("call_1", true, "1 export {}"),
                result(
                    "functions.write_file:1",
                    false,
                    "write_file: the arguments are no whole JSON object",
                ),
            ]),
            Message::Assistant(vec![own("llama", json!({}))]),
        ],
        images: SortedMap::from([(Digest::of(b"shown"), "c2hvd24=".to_owned())]),
        tools: ["view_file", "write_file"]
            .map(|name| Tool {
                name: name.to_owned(),
                description: format!("What {name} does."),
                arguments: json!({ "type": "object", "properties": {}, "required": [] }),
            })
            .to_vec(),
    }
}

#[test]
fn a_request_in_the_words_of_anthropic() {
    insta::assert_snapshot!(format!(
        "{:#}",
        body(Format::Anthropic, &request(), asked(CLAUDE))
    ));
}

#[test]
fn a_request_in_the_words_of_openai_responses() {
    insta::assert_snapshot!(format!(
        "{:#}",
        body(Format::OpenAiResponses, &request(), asked(GPT))
    ));
}

#[test]
fn a_request_in_the_words_of_openai_chat() {
    insta::assert_snapshot!(format!(
        "{:#}",
        body(Format::OpenAiChat, &request(), asked("another"))
    ));
}

#[test]
fn anthropic_gets_four_marks_at_most_and_each_step_finds_those_of_the_last() {
    let marks = |request: &Request| -> Vec<String> {
        let body = body(Format::Anthropic, request, asked(CLAUDE));
        let all = ["tools", "system"]
            .into_iter()
            .flat_map(|part| body[part].as_array().unwrap());
        let content = body["messages"].as_array().unwrap().iter();
        let content = content.flat_map(|message| message["content"].as_array().unwrap());
        all.chain(content)
            .filter(|block| block.get("cache_control").is_some())
            .map(|block| {
                let mut block = block.clone();
                block.as_object_mut().unwrap().remove("cache_control");
                block.to_string()
            })
            .collect()
    };
    let mut request = request();
    let before = marks(&request);
    assert_eq!(before.len(), 4);
    request.messages.push(Message::Assistant(vec![call(
        "call_2",
        "view_file",
        json!({}),
    )]));
    request
        .messages
        .push(Message::User(vec![result("call_2", true, "2")]));
    let after = marks(&request);
    assert_eq!(after.len(), 4);
    // Tools, instructions, and where the last call ended.
    assert_eq!(after[..2], before[..2]);
    assert_eq!(after[2], before[3]);
    let first = Request {
        messages: vec![Message::User(vec![text("A recipe box")])],
        tools: Vec::new(),
        ..request
    };
    assert_eq!(marks(&first).len(), 2);
}

/// What a model has answered is given back to it as it was.
#[test]
fn an_answer_comes_back_as_it_was() {
    use crate::llm::stream::Answer;
    let bodies = [
        (
            Format::Anthropic,
            include_bytes!("../../../tests/llm/anthropic/thinking_and_tools.sse").as_slice(),
        ),
        (
            Format::OpenAiResponses,
            include_bytes!("../../../tests/llm/openai-responses/reasoning_and_calls.sse"),
        ),
        (
            Format::OpenAiChat,
            include_bytes!("../../../tests/llm/openai-chat/tool_calls.sse"),
        ),
    ];
    for (format, bytes) in bodies {
        let read = || {
            let mut answer = Answer::new(format);
            answer.push(bytes).unwrap();
            answer
        };
        let message = read().message().unwrap();
        let request = Request {
            system: String::new(),
            images: SortedMap::new(),
            messages: vec![Message::Assistant(read().reply(CLAUDE).unwrap().blocks)],
            tools: Vec::new(),
        };
        let body = body(format, &request, asked(CLAUDE));
        match format {
            Format::Anthropic => assert_eq!(body["messages"][0]["content"], message["content"]),
            Format::OpenAiChat => {
                let mut expected = message["choices"][0]["message"].clone();
                expected.as_object_mut().unwrap().remove("refusal");
                assert_eq!(body["messages"][1], expected);
            }
            Format::OpenAiResponses => {
                let (input, output) = (
                    body["input"].as_array().unwrap(),
                    message["output"].as_array().unwrap(),
                );
                assert_eq!(input.len(), output.len());
                assert_eq!(input[0], output[0]);
                assert_eq!(input[1]["content"], output[1]["content"][0]["text"]);
                for (given, was) in input.iter().zip(output).skip(2) {
                    for member in ["type", "call_id", "name"] {
                        assert_eq!(given[member], was[member]);
                    }
                    let parsed = |item: &Value| {
                        serde_json::from_str::<Value>(item["arguments"].as_str().unwrap()).unwrap()
                    };
                    assert_eq!(parsed(given), parsed(was));
                }
            }
        }
    }
}
