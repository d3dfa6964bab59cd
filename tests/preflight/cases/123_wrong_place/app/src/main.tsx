import { Button } from "@/components/Button"
import { card } from "./ui/crad"
console.log(Button, card)
