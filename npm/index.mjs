import client from './index.cjs';

export const { beginTest, exchanges, given, headers, missed, reset, summary, use } = client;
