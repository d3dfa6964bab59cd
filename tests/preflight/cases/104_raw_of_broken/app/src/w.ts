import './nope'
