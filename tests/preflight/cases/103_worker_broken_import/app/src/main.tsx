import W from "./w?worker"
new W()
