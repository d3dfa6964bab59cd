import { Component } from "react"
import PropTypes from "./types"

export default class App extends Component {
  state = { count: 0 }

  render() {
    return <button onClick={() => this.setState({ count: this.state.count + 1 })}>{this.state.count} clicks</button>
  }
}

App.propTypes = PropTypes
