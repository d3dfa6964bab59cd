import App from "./App"

describe("App", () => it("is there", () => expect(App).toBeTruthy()))
