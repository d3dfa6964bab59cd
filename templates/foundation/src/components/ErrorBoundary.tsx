import { Component, type ReactNode } from "react"
import { ErrorMessage } from "./ErrorMessage"

/** Catches what fails outside the pages, where the router cannot. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { error: unknown; failed: boolean }> {
  state = { error: null, failed: false }

  static getDerivedStateFromError(error: unknown) {
    return { error, failed: true }
  }

  render() {
    return this.state.failed ? <ErrorMessage error={this.state.error} /> : this.props.children
  }
}
