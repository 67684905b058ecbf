// Loaded before a program that knows https://api.github.com alone (node --require): connects that host to the stand-in for it at
// GITHUB_STAND_IN_PORT of this machine. The request, and the name that is verified in TLS, stay the program's own.
'use strict';
const tls = require('node:tls');

const { connect } = tls;
tls.connect = (options, ...rest) => {
  if (options.host !== 'api.github.com') throw new Error(`${options.host} has no stand-in`);
  return connect({ ...options, host: '127.0.0.1', port: process.env.GITHUB_STAND_IN_PORT }, ...rest);
};
