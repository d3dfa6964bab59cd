import { z } from "./re"
document.title = z
