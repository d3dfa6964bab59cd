import "./style.css"
import { Counter, type Options } from "./counter"

const options: Options = { step: 2 }
const clock = document.querySelector<HTMLDivElement>("#clock")!
clock.append(new Counter(options).element)
