'use strict';

class InvoicesApi {
	name = 'invoicesApi';
	displayName = 'Invoices API';
	icon = 'file:../nodes/Invoices/invoices.svg';
	documentationUrl = '';
	properties = [
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: 'http://proxy:8088/api/v1',
			description: 'Where the API is. From an n8n elsewhere: https://invoices.example.com/api/v1.',
		},
		{
			displayName: 'Token',
			name: 'token',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description: 'Made on the page "API tokens" of your account, or by `invoices create-token`',
		},
	];
	authenticate = {
		type: 'generic',
		properties: { headers: { Authorization: '=Bearer {{$credentials.token}}' } },
	};
	test = {
		request: { baseURL: '={{$credentials.baseUrl}}', url: '/customers', qs: { limit: 1 } },
	};
}

exports.InvoicesApi = InvoicesApi;
