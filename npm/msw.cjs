// Notes what MSW and nock answer in this process, where NODE_OPTIONS of `interceptor run` does not arrive.
'use strict';

if (!(process.env.NODE_OPTIONS || '').includes('observe.cjs')) require('./preload/observe.cjs');
