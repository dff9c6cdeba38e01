// Leads connections for owned origins to the proxy, where NODE_OPTIONS of `interceptor run` does not arrive.
'use strict';

if (!(process.env.NODE_OPTIONS || '').includes('interceptor.cjs')) require('./preload/interceptor.cjs');
