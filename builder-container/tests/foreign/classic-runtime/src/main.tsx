/** @jsxRuntime classic */
/** @jsx h */
import { h } from "./h"

document.getElementById("root")!.append(<p class="old">classic text</p>)
