import { useRouteError } from "react-router"
import { ErrorMessage } from "./ErrorMessage"

export function RouteError() {
  return <ErrorMessage error={useRouteError()} />
}
